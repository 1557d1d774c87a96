// Help, a call to the medic, the language and the way out: on every screen, always in the same place.
import QtQuick

Item {
    id: footer

    property bool dark: false
    readonly property string kind: dark ? "dark" : "plain"
    readonly property var buttons: kiosk.view.page.buttons

    height: Theme.footerHeight

    Rectangle {
        width: parent.width
        height: 2
        color: footer.dark ? Theme.nightCard : Theme.line
    }

    Row {
        anchors { left: parent.left; leftMargin: Theme.margin; verticalCenter: parent.verticalCenter }
        spacing: Theme.targetGap

        BigButton {
            objectName: "help"
            kind: footer.kind
            icon: "help"
            text: kiosk.view.labels.help
            textSize: Theme.smallSize
        }
        BigButton {
            objectName: "call_medic"
            kind: footer.kind
            icon: kiosk.view.help.called === "" ? "medic" : "send"
            text: kiosk.view.help.called === "" ? kiosk.view.labels.call_medic : kiosk.view.help.called
            textSize: Theme.smallSize
        }
        BigButton {
            objectName: "language"
            kind: footer.kind
            icon: "globe"
            text: kiosk.view.labels.language
            textSize: Theme.smallSize
        }
    }

    Row {
        anchors { right: parent.right; rightMargin: Theme.margin; verticalCenter: parent.verticalCenter }
        spacing: Theme.targetGap

        BigButton {
            objectName: "service"
            visible: (footer.buttons.service ?? "") !== ""
            kind: footer.kind
            icon: "wrench"
            text: kiosk.view.labels.service
            textSize: Theme.smallSize
        }
        BigButton {
            objectName: "exit"
            visible: kiosk.view.frame.in_exam && !("leave" in footer.buttons) && !("resume_no" in footer.buttons)
                     && !("decision_ok" in footer.buttons)
            kind: footer.kind
            icon: "exit"
            text: kiosk.view.labels.exit
            textSize: Theme.smallSize
        }
    }
}
