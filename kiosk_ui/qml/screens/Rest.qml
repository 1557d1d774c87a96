// Rest and come back: when, and that nothing is lost. No blame.
import QtQuick
import QtQuick.Layouts
import "../components"

Page {
    id: screen
    name: "rest"

    RowLayout {
        Layout.fillWidth: true
        Layout.fillHeight: true
        Layout.maximumHeight: Theme.unlimited
        spacing: 40

        Icon {
            Layout.alignment: Qt.AlignVCenter
            name: "clock"
            size: 210
            pen: 1.3
            color: Theme.action
        }
        ColumnLayout {
            Layout.fillWidth: true
            Layout.alignment: Qt.AlignVCenter
            spacing: 14

            Repeater {
                model: screen.page.lines

                Words {
                    required property string modelData
                    objectName: "come_back"
                    Layout.fillWidth: true
                    text: modelData
                    font.pixelSize: 64
                    font.bold: true
                    lineHeight: 1.0
                }
            }
            Words {
                Layout.fillWidth: true
                text: screen.live.remaining
                font.pixelSize: Theme.leadSize
                color: Theme.inkSoft
            }
            Words {
                Layout.fillWidth: true
                text: screen.page.text
                font.pixelSize: 36
            }
        }
    }
    Notice {
        Layout.fillWidth: true
        kind: "info"
        icon: "paper"
        text: screen.page.note
    }
    PageButton {
        Layout.fillWidth: true
        Layout.preferredHeight: 112
        name: "leave"
        kind: "primary"
        icon: "exit"
        textSize: 44
    }
}
