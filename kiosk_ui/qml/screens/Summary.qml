// Four big values; the medic decides.
import QtQuick
import QtQuick.Layouts
import "../components"

Page {
    id: screen
    name: "summary"

    GridLayout {
        Layout.fillWidth: true
        Layout.fillHeight: true
        Layout.maximumHeight: Theme.unlimited
        columns: 2
        columnSpacing: Theme.gap
        rowSpacing: Theme.gap
        uniformCellWidths: true

        Repeater {
            model: screen.page.values

            ValueTile {
                required property var modelData
                Layout.fillWidth: true
                Layout.fillHeight: true
                value: modelData
            }
        }
    }
    Words {
        objectName: "told"
        Layout.fillWidth: true
        visible: text !== ""
        text: screen.page.note
        font.pixelSize: Theme.smallSize
    }
    RowLayout {
        Layout.fillWidth: true
        spacing: Theme.gap

        Words {
            Layout.fillWidth: true
            text: screen.page.text
            color: Theme.inkSoft
        }
        PageButton {
            Layout.preferredWidth: 440
            Layout.preferredHeight: 104
            name: "summary_ok"
            kind: "primary"
            icon: "send"
            textSize: 44
        }
    }
}
