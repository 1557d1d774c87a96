// One value: its colour, number, unit, and what is made of it in words.
import QtQuick

Rectangle {
    id: tile

    property var value: ({})
    property bool large: false
    property int numberSize: large ? Theme.valueSize : 58
    readonly property string number: value.number ?? ""
    readonly property string unit: value.unit ?? ""
    readonly property color tone: ({ good: Theme.good, attention: Theme.attention, recorded: Theme.action,
                                     missing: Theme.edge })[value.state] ?? Theme.edge
    readonly property string sign: ({ good: "tick", attention: "medic", recorded: "paper",
                                      missing: "cross" })[value.state] ?? "cross"

    radius: 20
    color: Theme.card
    border.width: 2
    border.color: Theme.line

    Rectangle {
        y: 18
        width: 12
        height: parent.height - 36
        radius: 6
        color: Theme.parameter(tile.value.name)
    }

    Column {
        anchors { left: parent.left; leftMargin: tile.large ? 48 : 30; verticalCenter: parent.verticalCenter }
        spacing: tile.large ? 6 : 0

        Words {
            text: (tile.value.label ?? "") + (tile.large || tile.unit === "" ? "" : ", " + tile.unit)
            font.pixelSize: tile.large ? Theme.leadSize : Theme.smallSize
            color: Theme.inkSoft
            wrapMode: Text.NoWrap
        }
        Row {
            spacing: 18

            Words {
                id: number
                objectName: "value_" + tile.value.name
                text: tile.number
                readonly property bool isWords: tile.number.length > 7
                width: isWords ? Math.min(implicitWidth, tile.width - (tile.large ? 400 : 110)) : implicitWidth
                font.pixelSize: isWords ? (tile.large ? 56 : Theme.smallSize) : tile.numberSize
                font.bold: true
                lineHeight: 1.0
                wrapMode: isWords ? Text.WordWrap : Text.NoWrap
            }
            Words {
                anchors.baseline: number.baseline
                visible: tile.large
                text: tile.unit
                font.pixelSize: Theme.textSize
                color: Theme.inkSoft
                wrapMode: Text.NoWrap
            }
        }
        Words {
            visible: !tile.large
            text: tile.value.word ?? ""
            font.pixelSize: Theme.smallSize
            wrapMode: Text.NoWrap
        }
    }

    Icon {
        visible: !tile.large
        anchors { right: parent.right; rightMargin: 22; verticalCenter: parent.verticalCenter }
        name: tile.sign
        size: 48
        pen: 2.6
        color: tile.tone
    }

    Column {
        visible: tile.large
        anchors { right: parent.right; rightMargin: 28; verticalCenter: parent.verticalCenter }
        width: 260
        spacing: 8

        Icon {
            anchors.horizontalCenter: parent.horizontalCenter
            name: tile.sign
            size: 64
            pen: 2.6
            color: tile.tone
        }
        Words {
            width: parent.width
            horizontalAlignment: Text.AlignHCenter
            text: tile.value.word ?? ""
            font.pixelSize: 36
        }
    }
}
