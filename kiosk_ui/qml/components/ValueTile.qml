// One value: its colour, number, unit, and what is made of it in words.
import QtQuick

Rectangle {
    id: tile

    property var value: ({})
    property bool large: false
    readonly property color tone: ({ good: Theme.good, attention: Theme.attention, recorded: Theme.action, missing: Theme.edge })[value.state] ?? Theme.edge

    radius: 20
    color: Theme.card
    border.width: 2
    border.color: Theme.line

    Rectangle {
        x: 0
        y: 18
        width: 12
        height: parent.height - 36
        radius: 6
        color: Theme.parameter(tile.value.name)
    }

    Column {
        anchors { left: parent.left; leftMargin: 40; right: parent.right; rightMargin: 20; verticalCenter: parent.verticalCenter }
        spacing: tile.large ? 16 : 4

        Words {
            text: tile.value.label ?? ""
            font.pixelSize: tile.large ? Theme.leadSize : Theme.smallSize
            color: Theme.inkSoft
        }
        Row {
            spacing: 18

            Words {
                id: number
                objectName: "value_" + tile.value.name
                text: tile.value.number ?? ""
                font.pixelSize: (tile.value.number ?? "").length > 9 ? 48 : tile.large ? Theme.valueSize : 76
                font.bold: true
                lineHeight: 1.0
                wrapMode: Text.NoWrap
            }
            Words {
                anchors { baseline: number.baseline }
                text: tile.value.unit ?? ""
                font.pixelSize: tile.large ? Theme.leadSize : Theme.smallSize
                color: Theme.inkSoft
                wrapMode: Text.NoWrap
            }
        }
        Row {
            spacing: 14

            Icon {
                anchors.verticalCenter: parent.verticalCenter
                name: ({ good: "tick", attention: "medic", recorded: "paper", missing: "cross" })[tile.value.state] ?? "cross"
                size: tile.large ? 48 : 36
                pen: 2.6
                color: tile.tone
            }
            Words {
                anchors.verticalCenter: parent.verticalCenter
                text: tile.value.word ?? ""
                font.pixelSize: tile.large ? Theme.leadSize : Theme.smallSize
                wrapMode: Text.NoWrap
            }
        }
    }
}
