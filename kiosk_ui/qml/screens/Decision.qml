// What the medic decided. Green only for "admitted"; everything else is calm and says where to go.
import QtQuick
import QtQuick.Layouts
import "../components"

Item {
    id: screen

    readonly property var page: kiosk.view.page
    readonly property bool admitted: page.state === "admitted"

    objectName: "screen_decision"

    Rectangle {
        id: ground
        anchors { left: parent.left; top: parent.top; bottom: parent.bottom }
        width: 440
        color: screen.admitted ? Theme.goodDeep : Theme.ink

        Rectangle {
            anchors { horizontalCenter: parent.horizontalCenter; top: parent.top; topMargin: screen.page.picture ? 24 : 120 }
            width: screen.page.picture ? 200 : 300
            height: width
            radius: width / 2
            color: screen.admitted ? Theme.good : Theme.nightCard
            border.width: 8
            border.color: Theme.card

            Icon {
                anchors.centerIn: parent
                name: ({ admitted: "tick", not_identified: "person", refer: "medic", unconfirmed: "warning" })[screen.page.state] ?? "medic"
                size: screen.page.picture ? 130 : 196
                pen: screen.admitted ? 2.4 : 1.5
                color: Theme.card
            }
        }
        Words {
            id: caption
            anchors { horizontalCenter: parent.horizontalCenter; top: parent.top; topMargin: 240 }
            width: 400
            visible: screen.page.picture !== ""
            text: screen.page.sign
            horizontalAlignment: Text.AlignHCenter
            color: Theme.card
        }
        Image {
            objectName: "account_code"
            anchors { horizontalCenter: parent.horizontalCenter; top: caption.bottom; topMargin: 12 }
            width: 342
            height: 342
            visible: screen.page.picture !== ""
            source: screen.page.picture
            smooth: false
            fillMode: Image.PreserveAspectFit
        }
    }

    ColumnLayout {
        anchors {
            left: ground.right; right: parent.right; top: parent.top; bottom: parent.bottom
            leftMargin: 48; rightMargin: 48; topMargin: 20; bottomMargin: 20
        }
        spacing: 12

        Words {
            objectName: "title"
            Layout.fillWidth: true
            text: screen.page.title
            font.pixelSize: screen.admitted ? 100 : 60
            font.bold: true
            lineHeight: 1.0
            color: screen.admitted ? Theme.goodDeep : Theme.ink
        }
        Words {
            Layout.fillWidth: true
            text: Theme.glued(screen.page.text)
            font.pixelSize: screen.page.lines.length > 0 ? Theme.smallSize : 36
        }
        Repeater {
            model: screen.page.lines

            Notice {
                required property string modelData
                objectName: "released_text"
                Layout.fillWidth: true
                kind: "info"
                icon: "medic"
                text: Theme.glued(modelData)
                textSize: Theme.smallSize
            }
        }
        GridLayout {
            Layout.fillWidth: true
            columns: 2
            columnSpacing: 40
            rowSpacing: 8

            Repeater {
                model: screen.page.facts.length * 2

                Words {
                    required property int index
                    readonly property var fact: screen.page.facts[Math.floor(index / 2)] ?? ({})
                    readonly property bool isLabel: index % 2 === 0
                    Layout.fillWidth: !isLabel
                    text: (isLabel ? fact.label : fact.value) ?? ""
                    color: isLabel ? Theme.inkSoft : Theme.ink
                    font.bold: !isLabel
                }
            }
        }
        Notice {
            Layout.fillWidth: true
            text: screen.page.note
        }
        Item {
            Layout.fillHeight: true
        }
        PageButton {
            Layout.fillWidth: true
            Layout.preferredHeight: 96
            name: "decision_ok"
            kind: "primary"
            icon: "tick"
            textSize: 44
        }
    }
}
