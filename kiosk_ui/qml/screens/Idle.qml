// Nobody is here: clock, place, what is ready, and one thing to do. The whole page is one touch target.
import QtQuick
import "../components"

Item {
    id: screen

    readonly property var page: kiosk.view.page
    readonly property bool refused: page.state === "refused"

    objectName: "screen_idle"

    Item {
        id: begin
        objectName: "begin"
        anchors.fill: parent
        visible: !screen.refused

        MouseArea {
            anchors.fill: parent
            onClicked: kiosk.press("begin")
        }
    }

    Words {
        id: clock
        anchors { left: parent.left; leftMargin: 64; top: parent.top; topMargin: 28 }
        text: kiosk.view.live.clock
        color: Theme.nightText
        font.pixelSize: 96
        lineHeight: 1.0
    }
    Column { // beside the clock, and from its upper edge on where a place has a long name
        id: where
        anchors { left: clock.right; leftMargin: 36; right: side.left; rightMargin: 40 }
        y: clock.y + Math.max(0, (clock.height - height) / 2)

        Words {
            text: kiosk.view.live.date
            color: Theme.nightText
            font.pixelSize: Theme.smallSize
            wrapMode: Text.NoWrap
        }
        Words {
            width: parent.width
            text: kiosk.view.frame.place
            color: Theme.nightSoft
            font.pixelSize: Theme.smallSize
        }
    }

    Column {
        anchors { left: parent.left; leftMargin: 64; right: side.left; rightMargin: 48 }
        y: Math.max(clock.y + clock.height, where.y + where.height) + (screen.refused ? 18 : 36)
        spacing: screen.refused ? 18 : 24

        Words {
            objectName: "title"
            width: parent.width
            text: screen.page.title
            color: Theme.nightText
            font.pixelSize: screen.refused ? Theme.titleSize : 64
            font.bold: true
            lineHeight: 1.0
        }
        Rectangle {
            width: parent.width
            height: call.implicitHeight + (screen.refused ? 40 : 56)
            radius: 24
            color: screen.refused ? Theme.nightCard : Theme.actionDeep

            Icon {
                id: hand
                anchors { left: parent.left; leftMargin: 36; verticalCenter: parent.verticalCenter }
                name: screen.refused ? "warning" : "touch"
                size: 76
                color: screen.refused ? Theme.nightWait : Theme.card
            }
            Words {
                id: call
                anchors { left: hand.right; leftMargin: 32; right: parent.right; rightMargin: 32; verticalCenter: parent.verticalCenter }
                text: screen.page.text
                color: Theme.card
                font.pixelSize: screen.refused ? Theme.textSize : 46
                font.bold: !screen.refused
            }
        }
        Row {
            width: parent.width
            spacing: 20
            visible: screen.page.note !== ""

            Icon {
                id: sign
                name: screen.page.sign
                size: 44
                color: Theme.nightWait
            }
            Words {
                width: parent.width - sign.width - parent.spacing
                text: screen.page.note
                color: Theme.nightText
                font.pixelSize: Theme.smallSize
            }
        }
    }

    Rectangle {
        id: side
        anchors { right: parent.right; rightMargin: 48; top: parent.top; topMargin: 48; bottom: parent.bottom; bottomMargin: 32 }
        width: 664
        radius: 24
        color: Theme.nightCard

        Column {
            anchors { fill: parent; margins: 36 }
            spacing: 20

            Words {
                text: screen.page.lines[0] ?? ""
                visible: text !== ""
                color: Theme.nightSoft
                font.pixelSize: Theme.smallSize
                font.bold: true
            }
            Repeater {
                model: kiosk.view.lamps

                Lamp {
                    required property var modelData
                    device: modelData
                }
            }
            Rectangle {
                width: parent.width
                height: 2
                color: Theme.nightLine
            }
            LinkLine {
                width: parent.width
                dark: true
            }
            Words {
                objectName: "staff"
                width: parent.width
                visible: text !== ""
                text: kiosk.view.link.staff
                color: Theme.nightSoft
                font.pixelSize: Theme.smallSize
            }
            Words {
                width: parent.width
                visible: text !== ""
                text: screen.page.code
                color: Theme.nightSoft
                font.pixelSize: Theme.smallSize
            }
        }
    }
}
