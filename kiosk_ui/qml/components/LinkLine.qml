// The way to the medic, in words beside its sign.
import QtQuick

Row {
    id: line

    property bool dark: false
    readonly property var link: kiosk.view.link
    readonly property bool good: link.state === "good"

    spacing: 18

    Icon {
        id: sign
        name: line.good ? "linked" : "unlinked"
        color: line.dark ? (line.good ? Theme.nightGood : Theme.nightBad) : (line.good ? Theme.good : Theme.stop)
        size: 40
        pen: 2.6
    }
    Words {
        width: line.width - sign.width - line.spacing
        text: line.dark ? line.link.text : line.link.short
        color: line.dark ? Theme.nightText : Theme.ink
        font.pixelSize: Theme.smallSize
    }
}
