// Why not here and not today, and where to go instead.
import QtQuick
import QtQuick.Layouts
import "../components"

Page {
    id: screen
    name: "not_today"

    Notice {
        Layout.fillWidth: true
        kind: "attention"
        text: screen.page.text
        textSize: 36
    }
    Item {
        Layout.fillWidth: true
        Layout.fillHeight: true

        Row {
            anchors { left: parent.left; right: parent.right; verticalCenter: parent.verticalCenter }
            spacing: 36

            Icon {
                id: sign
                anchors.verticalCenter: parent.verticalCenter
                name: "medic"
                size: 132
                color: Theme.action
            }
            Column {
                anchors.verticalCenter: parent.verticalCenter
                width: parent.width - sign.width - parent.spacing
                spacing: 16

                Repeater {
                    model: screen.page.lines

                    Words {
                        required property string modelData
                        required property int index
                        width: parent.width
                        text: modelData
                        font.pixelSize: Theme.leadSize
                        font.bold: index === 0
                    }
                }
            }
        }
    }
    PageButton {
        Layout.fillWidth: true
        Layout.preferredHeight: 112
        name: "leave"
        kind: "primary"
        icon: "tick"
        textSize: 44
    }
}
