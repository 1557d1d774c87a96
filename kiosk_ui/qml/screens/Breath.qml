// Breathe in, blow until the bar is full, enough.
import QtQuick
import QtQuick.Layouts
import "../components"

Page {
    id: screen
    name: "breath"

    readonly property bool barred: live.fraction >= 0

    Notice {
        Layout.fillWidth: true
        kind: "info"
        icon: "repeat"
        text: screen.page.note
        textSize: Theme.smallSize
    }
    RowLayout {
        Layout.fillWidth: true
        Layout.fillHeight: true
        Layout.maximumHeight: Theme.unlimited
        spacing: 32

        Drawing {
            Layout.fillHeight: true
            Layout.preferredWidth: 430
            name: screen.page.state === "blowing" ? "blow" : screen.page.state === "waiting_for_breath" ? "blow" : "inhale"
        }
        Words {
            Layout.fillWidth: true
            text: screen.page.text
            font.pixelSize: Theme.leadSize
        }
    }
    FillBar {
        objectName: "breath_bar"
        Layout.fillWidth: true
        implicitHeight: 72
        visible: screen.barred
        fraction: screen.live.fraction
        tone: screen.live.fraction >= 1 ? Theme.good : Theme.alcohol
    }
    PageButton {
        Layout.fillWidth: true
        name: "stop_measuring"
        icon: "square"
    }
}
