// Band, page, steps and the buttons that stand on every screen; sheets lie above all of it.
import QtQuick
import "components"

Item {
    id: shell

    readonly property string screen: kiosk.view.screen
    readonly property bool dark: screen === "idle"
    readonly property bool wide: ["idle", "decision", "service", "not_today"].indexOf(screen) >= 0
    readonly property var files: ({
            idle: "Idle", resume: "Resume", identify: "Identify", employer: "Employer", confirm: "Confirm", not_today: "NotToday",
            consent: "Consent", face: "Face", search: "Face", complaints: "Complaints", urgent: "Urgent", typed: "Typed", temperature: "Temperature",
            pressure: "Pressure", breath: "Breath", result: "Result", rest: "Rest", try_again: "TryAgain",
            trouble: "Trouble", summary: "Summary", waiting: "Waiting", decision: "Decision", service: "Service"
        })

    Rectangle {
        anchors.fill: parent
        color: shell.dark ? Theme.night : Theme.sheet
    }

    MouseArea { // a touch beside all buttons still says that somebody is here
        anchors.fill: parent
        onPressed: kiosk.touched()
    }

    DemoBand {
        id: band
        width: parent.width
        text: kiosk.view.frame.band
    }

    Loader {
        id: pageLoader
        anchors { left: parent.left; top: band.bottom; bottom: footer.top }
        width: shell.wide ? parent.width : Theme.pageWidth
        source: "screens/" + shell.files[shell.screen] + ".qml"
    }

    StepPanel {
        anchors { right: parent.right; top: band.bottom; bottom: footer.top }
        width: parent.width - Theme.pageWidth
        visible: !shell.wide
    }

    Notice { // at the foot of the right third, or of the coloured ground of a decision
        objectName: "countdown"
        x: shell.screen === "decision" ? 20 : Theme.pageWidth + 24
        anchors { bottom: footer.top; bottomMargin: 12 }
        width: shell.screen === "decision" ? 400 : 480
        kind: "info"
        icon: "clock"
        text: kiosk.view.live.countdown
        textSize: Theme.smallSize
    }

    FooterBar {
        id: footer
        anchors { left: parent.left; right: parent.right; bottom: parent.bottom }
        dark: shell.dark
    }

    Loader {
        anchors { fill: parent; topMargin: band.height }
        active: kiosk.draft.sheet === "help"
        source: "sheets/HelpSheet.qml"
    }
    Loader {
        anchors { fill: parent; topMargin: band.height }
        active: kiosk.draft.sheet === "exit" && kiosk.view.frame.in_exam
        source: "sheets/LeaveSheet.qml"
    }
    Loader {
        anchors { fill: parent; topMargin: band.height }
        active: kiosk.draft.sheet === "consent_full" && shell.screen === "consent"
        source: "sheets/ConsentSheet.qml"
    }
    Loader {
        anchors { fill: parent; topMargin: band.height }
        active: kiosk.draft.sheet === "complaints_other" && shell.screen === "complaints"
        source: "sheets/RemarkSheet.qml"
    }
    Loader {
        anchors { fill: parent; topMargin: band.height }
        active: kiosk.draft.sheet === "service" && shell.screen === "idle"
        source: "sheets/PinSheet.qml"
    }
}
