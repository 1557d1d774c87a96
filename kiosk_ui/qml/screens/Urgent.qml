// A complaint that cannot wait: who was told, the phone, and a large button that calls.
import QtQuick
import QtQuick.Layouts
import "../components"

Page {
    id: screen
    name: "urgent"

    readonly property bool told: page.state === "told"

    Notice {
        objectName: "urgent_complaints"
        Layout.fillWidth: true
        kind: "stop"
        icon: "warning"
        text: screen.page.note
        textSize: Theme.textSize
    }
    Words {
        objectName: "urgent_told"
        Layout.fillWidth: true
        text: screen.page.text
        font.pixelSize: Theme.smallSize
        font.bold: true
    }
    RowLayout {
        Layout.fillWidth: true
        Layout.fillHeight: true
        Layout.maximumHeight: Theme.unlimited
        spacing: Theme.gap

        Words {
            objectName: "urgent_phone"
            Layout.fillWidth: true
            Layout.preferredWidth: 2
            Layout.alignment: Qt.AlignTop
            text: Theme.glued(screen.page.lines[0] ?? "")
            font.pixelSize: Theme.textSize
            font.bold: true
        }
        Words {
            Layout.fillWidth: true
            Layout.preferredWidth: 3
            Layout.alignment: Qt.AlignTop
            text: Theme.glued(screen.page.lines[1] ?? "")
            font.pixelSize: Theme.smallSize
        }
    }
    RowLayout {
        Layout.fillWidth: true
        spacing: Theme.gap

        PageButton {
            Layout.fillWidth: true
            Layout.preferredHeight: 96
            name: "leave"
            icon: "exit"
        }
        PageButton {
            Layout.preferredWidth: 470
            Layout.preferredHeight: 96
            name: "urgent_go_on"
            icon: "arrow"
        }
    }
    PageButton {
        Layout.fillWidth: true
        Layout.preferredHeight: 96
        name: "call_now"
        kind: "stop"
        icon: "medic"
        textSize: 44
    }
}
