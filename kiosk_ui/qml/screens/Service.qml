// For the engineer, in two halves: every device with its state; the terminal with its link.
import QtQuick
import QtQuick.Layouts
import "../components"

Page {
    id: screen
    name: "service"

    readonly property bool devices: kiosk.draft.tab === "service_devices"

    ColumnLayout {
        Layout.fillWidth: true
        visible: screen.devices
        spacing: 12

        Repeater {
            model: screen.page.lines

            Words {
                required property string modelData
                Layout.fillWidth: true
                text: modelData
                font.pixelSize: Theme.smallSize
                wrapMode: Text.Wrap
            }
        }
    }
    GridLayout {
        Layout.fillWidth: true
        visible: !screen.devices
        columns: 2
        columnSpacing: 40
        rowSpacing: 4

        Repeater {
            model: screen.page.facts.length * 2

            Words {
                required property int index
                readonly property var fact: screen.page.facts[Math.floor(index / 2)] ?? ({})
                readonly property bool isLabel: index % 2 === 0
                Layout.fillWidth: !isLabel
                text: (isLabel ? fact.label : fact.value) ?? ""
                color: isLabel ? Theme.inkSoft : Theme.ink
                font.pixelSize: Theme.smallSize
                wrapMode: Text.Wrap
            }
        }
    }
    Item {
        Layout.fillHeight: true
    }
    RowLayout {
        Layout.fillWidth: true
        spacing: Theme.targetGap

        PageButton {
            name: "service_devices"
            icon: "gauge"
            marked: screen.devices
        }
        PageButton {
            name: "service_terminal"
            icon: "linked"
            marked: !screen.devices
        }
        Item {
            Layout.fillWidth: true
        }
        PageButton {
            name: "service_close"
            kind: "primary"
            icon: "back"
        }
    }
}
