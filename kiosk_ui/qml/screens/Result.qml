// The value, large, as it is on the disk.
import QtQuick
import QtQuick.Layouts
import "../components"

Page {
    id: screen
    name: "result"

    ColumnLayout {
        Layout.fillWidth: true
        Layout.fillHeight: true
        Layout.maximumHeight: Theme.unlimited
        spacing: Theme.gap

        Repeater {
            model: screen.page.values

            ValueTile {
                required property var modelData
                Layout.fillWidth: true
                Layout.fillHeight: true
                value: modelData
                large: true
                numberSize: screen.page.values.length > 1 ? 92 : 148
            }
        }
    }
    RowLayout {
        Layout.fillWidth: true
        spacing: Theme.gap

        Icon {
            name: "paper"
            size: 48
            pen: 2.4
            color: Theme.action
        }
        Words {
            Layout.fillWidth: true
            text: screen.page.text
        }
        PageButton {
            Layout.preferredWidth: Theme.onwardWidth
            Layout.preferredHeight: 112
            name: "next"
            kind: "primary"
            icon: "arrow"
            textSize: 44
        }
    }
}
