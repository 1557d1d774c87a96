// A touch target. Its object name is what the terminal is told; `kind`: primary, plain, good, stop, dark.
import QtQuick

Item {
    id: button

    property string text: ""
    property string kind: "plain"
    property string icon: ""
    property bool stacked: false
    property int iconSize: 44
    property bool marked: false
    property int textSize: Theme.buttonSize
    property real wrapWidth: 0 // above zero: the words stand on as many lines as they need within it
    property bool bold: kind !== "plain" && kind !== "dark"
    readonly property bool filled: kind === "primary" || kind === "good" || kind === "stop"
    readonly property color ground: ({ primary: Theme.actionDeep, good: Theme.goodDeep, stop: Theme.stopDeep,
                                       dark: Theme.nightCard })[kind] ?? (marked ? Theme.actionTint : Theme.card)
    readonly property color foreground: filled ? Theme.card : kind === "dark" ? Theme.nightText : Theme.ink

    implicitHeight: Theme.target
    implicitWidth: content.implicitWidth + 64

    Rectangle {
        anchors.fill: parent
        radius: 18
        color: touch.pressed ? Qt.darker(button.ground, button.filled ? 1.25 : 1.08) : button.ground
        border.width: button.filled ? 0 : button.marked ? 5 : 3
        border.color: button.marked ? Theme.action : button.kind === "dark" ? Theme.nightLine : Theme.edge
    }

    Grid {
        id: content
        anchors.centerIn: parent
        columns: button.stacked ? 1 : 2
        columnSpacing: 18
        rowSpacing: 4
        horizontalItemAlignment: Grid.AlignHCenter
        verticalItemAlignment: Grid.AlignVCenter

        Icon {
            visible: button.icon !== ""
            name: button.icon
            size: button.iconSize
            color: button.foreground
        }
        Words {
            visible: text !== ""
            text: button.text
            color: button.foreground
            font.pixelSize: button.textSize
            font.bold: button.bold
            wrapMode: button.wrapWidth > 0 ? Text.Wrap : Text.NoWrap
            width: button.wrapWidth > 0 ? Math.min(implicitWidth, button.wrapWidth) : implicitWidth
            horizontalAlignment: button.stacked ? Text.AlignHCenter : Text.AlignLeft
            lineHeight: button.wrapWidth > 0 ? 0.95 : 1.08
        }
    }

    signal pressed

    MouseArea {
        id: touch
        anchors.fill: parent
        onClicked: {
            button.pressed();
            kiosk.press(button.objectName);
        }
    }
}
