// Free text on an on-screen keyboard.
import QtQuick
import QtQuick.Layouts
import "../components"

Sheet {
    id: sheet
    objectName: "sheet_remark"
    title: kiosk.view.labels.remark_title

    Rectangle {
        Layout.fillWidth: true
        Layout.fillHeight: true
        radius: 18
        color: Theme.card
        border.width: 4
        border.color: Theme.action
        clip: true

        Words {
            objectName: "remark"
            anchors { left: parent.left; right: parent.right; bottom: parent.bottom; margins: 20 }
            text: kiosk.draft.remark
            font.pixelSize: Theme.leadSize
        }
    }
    Repeater {
        model: kiosk.view.keyboard

        RowLayout {
            id: row
            required property string modelData
            Layout.fillWidth: true
            spacing: Theme.targetGap

            Repeater {
                model: row.modelData.split("")

                BigButton {
                    required property string modelData
                    objectName: "letter_" + modelData
                    Layout.fillWidth: true
                    Layout.preferredWidth: 1
                    text: modelData
                    textSize: 44
                }
            }
        }
    }
    RowLayout {
        Layout.fillWidth: true
        spacing: Theme.targetGap

        BigButton {
            objectName: "key_erase"
            icon: "erase"
            text: kiosk.view.labels.erase
        }
        BigButton {
            objectName: "letter_ "
            Layout.fillWidth: true
            text: kiosk.view.labels.space
        }
        BigButton {
            objectName: "remark_done"
            kind: "primary"
            icon: "tick"
            text: kiosk.view.labels.done
        }
    }
}
