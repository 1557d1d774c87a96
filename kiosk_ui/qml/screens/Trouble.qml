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

        RowLayout {
            Layout.fillWidth: true
            spacing: 24

            Icon {
                name: "medic"
                size: 60
                color: Theme.action
            }
            Words {
                Layout.fillWidth: true
                text: Theme.glued(screen.page.lines[0] ?? "")
                font.pixelSize: 36
                font.bold: true
            }
        }
        Item {
            Layout.fillHeight: true
        }
    }
    RowLayout {
        Layout.fillWidth: true
        Layout.preferredHeight: 104
        spacing: Theme.gap

        PageButton {
            Layout.preferredWidth: Theme.endWidth
            Layout.preferredHeight: 104
            name: "leave"
            kind: "primary"
            icon: "exit"
            textSize: Theme.smallSize
        }
        Words {
            Layout.fillWidth: true
            text: screen.page.lines[1] ?? ""
            font.pixelSize: Theme.smallSize
        }
    }
    RowLayout { // the left is kept free where a start may have lain, when there is nothing more to try
        Layout.fillWidth: true
        Layout.preferredHeight: 104
        spacing: Theme.gap

        Item {
            Layout.preferredWidth: Theme.startWidth
            Layout.preferredHeight: 104

            PageButton {
                anchors.fill: parent
                name: "retry"
                icon: "repeat"
                textSize: Theme.smallSize
            }
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
}
