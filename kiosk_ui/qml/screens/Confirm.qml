// Whom the roster names; yes or no.
import QtQuick
import QtQuick.Layouts
import "../components"

Page {
    id: screen
    name: "confirm"

    Rectangle {
        Layout.fillWidth: true
        Layout.fillHeight: true
        radius: 20
        color: Theme.card
        border.width: 2
        border.color: Theme.line

        Column {
            anchors { left: parent.left; right: parent.right; margins: 40; verticalCenter: parent.verticalCenter }
            spacing: 22

            Row {
                width: parent.width
                spacing: 28

                Icon {
                    id: face
                    name: "person"
                    size: 88
                    color: Theme.action
                }
                Words {
                    objectName: "full_name"
                    anchors.verticalCenter: face.verticalCenter
                    width: parent.width - face.width - parent.spacing
                    text: screen.page.text
                    font.pixelSize: 52
                    font.bold: true
                    lineHeight: 1.0
                }
            }
            Repeater {
                model: screen.page.facts

                Column {
                    id: fact
                    required property var modelData
                    width: parent.width
                    spacing: 2

                    Words {
                        width: parent.width
                        text: fact.modelData.label
                        font.pixelSize: Theme.smallSize
                        color: Theme.inkSoft
                    }
                    Words {
                        width: parent.width
                        text: fact.modelData.value
                        font.pixelSize: Theme.leadSize
                    }
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
            name: "confirm_no"
            icon: "cross"
            textSize: 40
        }
        PageButton {
            Layout.preferredWidth: Theme.onwardWidth
            Layout.preferredHeight: 120
            name: "confirm_yes"
            kind: "primary"
            icon: "tick"
            textSize: 38
        }
    }
}
