// The service engineer's PIN.
import QtQuick
import QtQuick.Layouts
import "../components"

Sheet {
    objectName: "sheet_pin"
    title: kiosk.view.labels.pin_title

    RowLayout {
        Layout.fillWidth: true
        Layout.fillHeight: true
        Layout.maximumHeight: Theme.unlimited
        spacing: 64

        ColumnLayout {
            Layout.fillWidth: true
            Layout.alignment: Qt.AlignTop
            spacing: Theme.gap

            Rectangle {
                Layout.fillWidth: true
                implicitHeight: 116
                radius: 18
                color: Theme.card
                border.width: 4
                border.color: Theme.action

                Words {
                    anchors { left: parent.left; leftMargin: 28; verticalCenter: parent.verticalCenter }
                    text: "•".repeat(kiosk.draft.pin_length)
                    font.pixelSize: 60
                    font.bold: true
                    wrapMode: Text.NoWrap
                }
            }
            Notice {
                objectName: "pin_error"
                Layout.fillWidth: true
                kind: "stop"
                icon: "warning"
                text: kiosk.pin_error
            }
        }
        Keypad {
            Layout.alignment: Qt.AlignTop
            okName: "service_enter"
            okText: kiosk.view.labels.enter
            eraseText: kiosk.view.labels.erase
        }
    }
    BigButton {
        objectName: "close"
        Layout.preferredWidth: 400
        icon: "back"
        text: kiosk.view.labels.close
    }
}
