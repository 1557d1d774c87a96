// A line that wants to be read: sign, tint and words. `kind`: attention, stop, info.
import QtQuick

Rectangle {
    id: notice

    property string text: ""
    property string kind: "attention"
    property int textSize: Theme.textSize
    property string icon: ({ attention: "warning", stop: "cross", info: "dot" })[kind]

    visible: text !== ""
    radius: 14
    implicitHeight: Math.max(words.implicitHeight, 44) + 32
    color: ({ attention: Theme.attentionTint, stop: Theme.stopTint, info: Theme.actionTint })[kind]

    Rectangle {
        width: 10
        height: parent.height
        radius: 5
        color: ({ attention: Theme.attention, stop: Theme.stop, info: Theme.action })[notice.kind]
    }
    Icon {
        id: sign
        anchors { left: parent.left; leftMargin: 28; verticalCenter: parent.verticalCenter }
        name: notice.icon
        size: 42
        color: ({ attention: Theme.attention, stop: Theme.stop, info: Theme.action })[notice.kind]
    }
    Words {
        id: words
        anchors {
            left: sign.right; leftMargin: 20; right: parent.right; rightMargin: 24; verticalCenter: parent.verticalCenter
        }
        text: notice.text
        font.pixelSize: notice.textSize
    }
}
