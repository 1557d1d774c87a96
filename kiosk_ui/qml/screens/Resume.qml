// After a restart: go on with what is on the disk, or close it.
import QtQuick
import QtQuick.Layouts
import "../components"

Page {
    id: screen
    name: "resume"

    RowLayout {
        Layout.fillWidth: true
        Layout.fillHeight: true
        Layout.maximumHeight: Theme.unlimited
        spacing: 40

        Icon {
            Layout.alignment: Qt.AlignVCenter
            name: "repeat"
            size: 180
            pen: 1.3
            color: Theme.action
        }
        ColumnLayout {
            Layout.fillWidth: true
            Layout.alignment: Qt.AlignVCenter
            spacing: Theme.gap

            Words {
                Layout.fillWidth: true
                text: screen.page.text
                font.pixelSize: Theme.leadSize
            }
            Repeater {
                model: screen.page.lines

                Words {
                    required property string modelData
                    Layout.fillWidth: true
                    text: modelData
                    font.pixelSize: Theme.leadSize
                    font.bold: true
                }
            }
        }
    }
    RowLayout { // yes is always on the right, where no cuff is ever started and nothing ends
        Layout.fillWidth: true
        spacing: Theme.gap

        PageButton {
            Layout.fillWidth: true
            Layout.preferredHeight: 120
            name: "resume_no"
            icon: "cross"
            textSize: 40
        }
        PageButton {
            Layout.preferredWidth: Theme.onwardWidth
            Layout.preferredHeight: 120
            name: "resume_yes"
            kind: "primary"
            icon: "play"
            textSize: 38
        }
    }
}
