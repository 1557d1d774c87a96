// What is recorded and why, in three lines; the whole text is one touch away.
import QtQuick
import QtQuick.Layouts
import "../components"

Page {
    id: screen
    name: "consent"

    ColumnLayout {
        Layout.fillWidth: true
        Layout.fillHeight: true
        Layout.maximumHeight: Theme.unlimited
        spacing: 20

        Repeater {
            model: screen.page.lines

            RowLayout {
                id: line
                required property string modelData
                required property int index
                Layout.fillWidth: true
                spacing: 28

                Icon {
                    name: ["camera", "medic", "person"][line.index] ?? "paper"
                    size: 64
                    color: Theme.action
                }
                Words {
                    Layout.fillWidth: true
                    text: line.modelData
                    font.pixelSize: 36
                }
            }
        }
        BigButton {
            objectName: "consent_full"
            icon: "paper"
            text: screen.page.buttons.consent_full ?? ""
        }
        Item {
            Layout.fillHeight: true
        }
    }
    RowLayout { // yes is always on the right, where no cuff is ever started and nothing ends
        Layout.fillWidth: true
        spacing: Theme.gap

        PageButton {
            Layout.fillWidth: true
            Layout.preferredHeight: 120
            name: "consent_no"
            icon: "cross"
            textSize: 40
        }
        PageButton {
            Layout.preferredWidth: Theme.onwardWidth
            Layout.preferredHeight: 120
            name: "consent_yes"
            kind: "primary"
            icon: "tick"
            textSize: 44
        }
    }
}
