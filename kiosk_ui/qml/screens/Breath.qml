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
        visible: screen.page.lines.length > 0
        spacing: 24

        Drawing {
            Layout.preferredWidth: 132
            Layout.preferredHeight: 84
            name: "mouthpiece_small"
        }
        Words {
            objectName: "first_line"
            Layout.fillWidth: true
            text: screen.page.lines[0] ?? ""
            font.pixelSize: Theme.leadSize
            font.bold: true
        }
    }
    RowLayout {
        Layout.fillWidth: true
        Layout.fillHeight: true
        Layout.maximumHeight: Theme.unlimited
        spacing: 32

        Drawing {
            Layout.fillHeight: true
            Layout.preferredWidth: 430
            name: ({ started: screen.page.sign, warming: screen.page.sign, waiting_for_breath: "blow", blowing: "blow" })[screen.page.state] || "inhale"
        }
        ColumnLayout {
            Layout.fillWidth: true
            Layout.fillHeight: true
            spacing: Theme.gap

            Words {
                Layout.fillWidth: true
                Layout.fillHeight: true
                verticalAlignment: Text.AlignVCenter
                text: screen.page.text
                font.pixelSize: Theme.leadSize
                fontSizeMode: Text.Fit
                minimumPixelSize: Theme.smallSize
            }
            PageButton {
                Layout.alignment: Qt.AlignRight
                Layout.preferredWidth: Theme.stopWidth - 60
                Layout.preferredHeight: 100
                name: "stop_measuring"
                icon: "square"
            }
            Item { // where the way on lay after an urgent complaint
                Layout.preferredHeight: 58
            }
        }
    }
    Item { // where another step's start lay: nothing to press
        Layout.fillWidth: true
        Layout.preferredHeight: 120

        FillBar {
            objectName: "breath_bar"
            anchors { left: parent.left; right: parent.right; verticalCenter: parent.verticalCenter }
            implicitHeight: 72
            visible: screen.barred
            fraction: screen.live.fraction
            tone: screen.live.fraction >= 1 ? Theme.good : Theme.alcohol
        }
    }
}
