// What an instrument without a cable shows: one value after the other on the keypad.
import QtQuick
import QtQuick.Layouts
import "../components"

Page {
    id: screen
    name: "typed"

    readonly property int now: kiosk.draft.entered.length
    readonly property var fact: page.facts[now] ?? { label: "", value: "" }

    RowLayout {
        Layout.fillWidth: true
        Layout.fillHeight: true
        Layout.maximumHeight: Theme.unlimited
        spacing: 40

        ColumnLayout {
            Layout.fillWidth: true
            Layout.alignment: Qt.AlignTop
            spacing: 16

            Words {
                Layout.fillWidth: true
                text: screen.page.text
                font.pixelSize: Theme.smallSize
                color: Theme.inkSoft
            }
            Words {
                objectName: "field"
                Layout.fillWidth: true
                text: screen.fact.label
                font.pixelSize: Theme.buttonSize
                font.bold: true
            }
            Rectangle {
                Layout.fillWidth: true
                implicitHeight: 96
                radius: 18
                color: Theme.card
                border.width: 4
                border.color: screen.page.error === "" ? Theme.action : Theme.stop

                Words {
                    objectName: "typed"
                    anchors { left: parent.left; leftMargin: 28; verticalCenter: parent.verticalCenter }
                    width: parent.width - 56
                    text: kiosk.draft.typed === "" ? screen.fact.value : kiosk.draft.typed
                    color: kiosk.draft.typed === "" ? Theme.inkSoft : Theme.ink
                    font.pixelSize: kiosk.draft.typed === "" ? Theme.textSize : kiosk.draft.typed.length > 7 ? 32 : 56
                    font.bold: kiosk.draft.typed !== ""
                    wrapMode: Text.NoWrap
                }
            }
            Words {
                Layout.fillWidth: true
                visible: text !== ""
                text: kiosk.draft.entered.join(" / ")
                font.pixelSize: Theme.textSize
            }
            Words {
                objectName: "error"
                Layout.fillWidth: true
                visible: text !== ""
                text: screen.page.error
                font.pixelSize: Theme.smallSize
                color: Theme.stopDeep
            }
            Words {
                Layout.fillWidth: true
                visible: text !== ""
                text: screen.page.note
                font.pixelSize: Theme.smallSize
            }
        }
        Keypad {
            Layout.alignment: Qt.AlignTop
            okName: "values_ok"
            okText: screen.page.buttons.values_ok ?? ""
            eraseText: screen.page.buttons.key_erase ?? ""
            commaText: screen.page.buttons.key_comma ?? ""
        }
    }
}
