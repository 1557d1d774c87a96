// The right third: every step with its sign and value, the time since the start, the link.
import QtQuick

Rectangle {
    id: panel

    color: Theme.card

    Rectangle {
        width: 2
        height: parent.height
        color: Theme.line
    }

    Column {
        id: list
        anchors { left: parent.left; right: parent.right; top: parent.top; margins: 16; leftMargin: 24; rightMargin: 24 }

        Repeater {
            model: kiosk.view.steps

            Rectangle {
                id: row
                required property var modelData
                readonly property bool current: modelData.state === "current"

                width: list.width
                height: 62
                radius: 14
                color: current ? Theme.actionTint : "transparent"

                Icon {
                    id: sign
                    anchors { left: parent.left; leftMargin: 14; verticalCenter: parent.verticalCenter }
                    name: ({ done: "ring", current: "arrow", todo: "ring", missed: "cross" })[row.modelData.state]
                    color: ({ done: Theme.ink, current: Theme.action, todo: Theme.edge, missed: Theme.stop })[row.modelData.state]
                    size: 34
                    pen: row.modelData.state === "todo" ? 1.6 : 3

                    Rectangle { // a full ring is a step that is done; a tick is kept for values within their limits
                        objectName: "step_done"
                        anchors.centerIn: parent
                        visible: row.modelData.state === "done"
                        width: 14
                        height: 14
                        radius: 7
                        color: Theme.ink
                    }
                }
                Words {
                    anchors { left: sign.right; leftMargin: 16; verticalCenter: parent.verticalCenter }
                    text: row.modelData.label
                    font.pixelSize: Theme.smallSize
                    font.bold: row.current
                    color: row.modelData.state === "todo" ? Theme.inkSoft : Theme.ink
                    wrapMode: Text.NoWrap
                }
                Icon {
                    id: mark
                    objectName: row.modelData.mark === "" ? "" : "mark_" + row.modelData.mark
                    anchors { right: parent.right; rightMargin: 8; verticalCenter: parent.verticalCenter }
                    visible: row.modelData.mark !== ""
                    width: visible ? size : 0
                    name: row.modelData.mark === "attention" ? "medic" : "tick"
                    color: row.modelData.mark === "attention" ? Theme.attention : Theme.good
                    size: 30
                    pen: 2.8
                }
                Words {
                    anchors { right: mark.left; rightMargin: 8; verticalCenter: parent.verticalCenter }
                    text: row.modelData.value
                    font.pixelSize: Theme.smallSize
                    color: Theme.inkSoft
                    wrapMode: Text.NoWrap
                }
            }
        }
    }

    Column {
        visible: kiosk.view.live.countdown === "" // which stands in the same place
        anchors { left: parent.left; right: parent.right; bottom: parent.bottom; margins: 20; leftMargin: 36; rightMargin: 24 }
        spacing: 12

        Row {
            objectName: "recording"
            visible: kiosk.view.frame.recording !== ""
            spacing: 18

            Item {
                width: 40 // as wide as the link's sign below it
                height: 40

                Rectangle {
                    anchors.centerIn: parent
                    width: 22
                    height: 22
                    radius: 11
                    color: Theme.stop
                }
            }
            Words {
                anchors.verticalCenter: parent.verticalCenter
                text: kiosk.view.frame.recording
                font.pixelSize: Theme.smallSize
                wrapMode: Text.NoWrap
            }
        }
        Item {
            width: parent.width
            height: 40

            Words {
                anchors { left: parent.left; verticalCenter: parent.verticalCenter }
                text: kiosk.view.labels.elapsed + " " + kiosk.view.live.exam_elapsed
                font.pixelSize: Theme.smallSize
                wrapMode: Text.NoWrap
            }
            Words {
                anchors { right: parent.right; verticalCenter: parent.verticalCenter }
                text: kiosk.view.live.clock
                font.pixelSize: Theme.smallSize
                font.bold: true
                wrapMode: Text.NoWrap
            }
        }
        LinkLine {
            width: parent.width
        }
    }
}
