// Fills while something really happens; it glides between two facts and stands still otherwise.
import QtQuick

Rectangle {
    id: bar

    property real fraction: 0
    property color tone: Theme.action

    implicitHeight: 56
    radius: height / 2
    color: Theme.card
    border.width: 3
    border.color: Theme.edge

    Rectangle {
        x: 8
        y: 8
        height: parent.height - 16
        width: Math.max(height, (parent.width - 16) * Math.min(1, Math.max(0, bar.fraction)))
        visible: bar.fraction > 0
        radius: height / 2
        color: bar.tone

        Behavior on width {
            NumberAnimation { duration: 220 }
        }
    }
}
