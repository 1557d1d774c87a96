// The record is on its way, or rests here: the truth about it.
import QtQuick
import QtQuick.Layouts
import "../components"

Page {
    id: screen
    name: "waiting"

    readonly property bool offline: page.state === "offline"

    RowLayout {
        Layout.fillWidth: true
        Layout.fillHeight: true
        Layout.maximumHeight: Theme.unlimited
        spacing: 40

        Icon {
            objectName: "waiting_" + screen.page.state
            Layout.alignment: Qt.AlignVCenter
            name: ({ offline: "unlinked", sending: "send", refused: "warning" })[screen.page.state] ?? "medic"
            size: 160
            pen: 1.4
            color: screen.offline ? Theme.attention : Theme.action
        }
        ColumnLayout {
            Layout.fillWidth: true
            Layout.alignment: Qt.AlignVCenter
            spacing: 16

            Words {
                Layout.fillWidth: true
                text: screen.page.text
                font.pixelSize: 36
            }
            Words {
                Layout.fillWidth: true
                text: screen.live.remaining
                font.pixelSize: 36
                color: Theme.inkSoft
            }
            Repeater {
                model: screen.page.lines

                Words {
                    required property string modelData
                    Layout.fillWidth: true
                    text: Theme.glued(modelData)
                    font.pixelSize: Theme.textSize
                    font.bold: true
                }
            }
        }
    }
    Notice {
        Layout.fillWidth: true
        kind: "info"
        icon: "paper"
        text: screen.page.note
        textSize: Theme.smallSize
    }
    PageButton {
        Layout.fillWidth: true
        Layout.preferredHeight: 112
        name: "leave"
        icon: "exit"
        textSize: 40
    }
}
