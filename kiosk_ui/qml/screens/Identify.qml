// The number on a big keypad; what was typed stands large beside it.
import QtQuick
import QtQuick.Layouts
import "../components"

Page {
    id: screen
    name: "identify"

    RowLayout {
        Layout.fillWidth: true
        Layout.fillHeight: true
        Layout.maximumHeight: Theme.unlimited
        spacing: 40

        ColumnLayout {
            Layout.fillWidth: true
            Layout.alignment: Qt.AlignTop
            spacing: Theme.gap

            Words {
                Layout.fillWidth: true
                text: screen.page.text
                color: Theme.inkSoft
            }
            Rectangle {
                Layout.fillWidth: true
                implicitHeight: 116
                radius: 18
                color: Theme.card
                border.width: 4
                border.color: screen.page.error === "" ? Theme.action : Theme.stop

                Words {
                    objectName: "typed"
                    anchors { left: parent.left; leftMargin: 28; verticalCenter: parent.verticalCenter }
                    width: parent.width - 56
                    text: kiosk.draft.typed === "" ? kiosk.view.labels.placeholder : kiosk.draft.typed
                    color: kiosk.draft.typed === "" ? Theme.inkSoft : Theme.ink
                    font.pixelSize: kiosk.draft.typed.length > 11 ? 32 : kiosk.draft.typed.length > 7 ? 40 : 60
                    font.bold: kiosk.draft.typed !== ""
                    wrapMode: Text.NoWrap
                }
            }
            Words {
                Layout.fillWidth: true
                visible: text !== ""
                text: screen.page.note
                font.pixelSize: Theme.smallSize
                color: Theme.inkSoft
            }
            PageButton {
                Layout.fillWidth: true
                Layout.topMargin: Theme.gap
                name: "search_face"
                icon: "camera"
            }
        }
        Keypad {
            Layout.alignment: Qt.AlignTop
            okText: screen.page.buttons.number_ok ?? ""
            eraseText: screen.page.buttons.key_erase ?? ""
        }
    }
    Notice {
        objectName: "error"
        Layout.fillWidth: true
        kind: "stop"
        icon: "warning"
        text: screen.page.error
        textSize: Theme.smallSize
    }
}
