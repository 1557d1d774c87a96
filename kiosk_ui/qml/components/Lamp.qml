// State of one device: sign, name and word.
import QtQuick

Row {
    id: lamp

    property var device: ({})
    readonly property bool good: device.state === "good"
    readonly property bool wait: device.state === "wait"
    readonly property color tone: good ? Theme.nightGood : wait ? Theme.nightWait : Theme.nightBad

    spacing: 16

    Icon {
        anchors.verticalCenter: parent.verticalCenter
        name: lamp.good ? "tick" : lamp.wait ? "clock" : "cross"
        color: lamp.tone
        size: 40
        pen: 3
    }
    Words {
        anchors.verticalCenter: parent.verticalCenter
        text: lamp.device.label
        color: Theme.nightText
        font.pixelSize: Theme.smallSize
        wrapMode: Text.NoWrap
        width: 272
    }
    Words {
        anchors.verticalCenter: parent.verticalCenter
        text: lamp.device.word
        color: lamp.tone
        font.pixelSize: Theme.smallSize
        wrapMode: Text.NoWrap
    }
}
