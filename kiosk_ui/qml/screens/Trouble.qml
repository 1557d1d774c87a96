// What does not work, who acts, where to go; the code is for the engineer.
import QtQuick
import QtQuick.Layouts
import "../components"

Page {
    id: screen
    name: "trouble"

    Notice {
        Layout.fillWidth: true
        kind: "attention"
        icon: "wrench"
        text: screen.page.text
        textSize: 36
    }
    ColumnLayout {
        Layout.fillWidth: true
        Layout.fillHeight: true
        Layout.maximumHeight: Theme.unlimited
        spacing: Theme.gap

        Repeater {
            model: screen.page.lines

            RowLayout {
                id: line
                required property string modelData
                required property int index
                Layout.fillWidth: true
                spacing: 24

                Icon {
                    name: line.index === 0 ? "medic" : "repeat"
                    size: 60
                    color: Theme.action
                }
                Words {
                    Layout.fillWidth: true
                    text: line.modelData
                    font.pixelSize: line.index === 0 ? 36 : Theme.textSize
                    font.bold: line.index === 0
                }
            }
        }
        Item {
            Layout.fillHeight: true
        }
        Words {
            objectName: "code"
            Layout.fillWidth: true
            text: screen.page.code
            font.pixelSize: Theme.smallSize
            color: Theme.inkSoft
            wrapMode: Text.Wrap
        }
    }
    RowLayout {
        Layout.fillWidth: true
        spacing: Theme.gap

        PageButton {
            Layout.fillWidth: true
            Layout.preferredHeight: 104
            name: "leave"
            kind: "primary"
            icon: "medic"
        }
        PageButton {
            Layout.preferredHeight: 104
            name: "retry"
            icon: "repeat"
            textSize: Theme.smallSize
        }
    }
}
