// Asked once before an exam is broken off.
import QtQuick
import QtQuick.Layouts
import "../components"

Sheet {
    objectName: "sheet_leave"
    title: kiosk.view.labels.leave_title

    RowLayout {
        Layout.fillWidth: true
        Layout.fillHeight: true
        Layout.maximumHeight: Theme.unlimited
        spacing: 64

        Icon {
            Layout.leftMargin: 64
            name: "exit"
            size: 220
            pen: 1.3
            color: Theme.action
        }
        Words {
            Layout.fillWidth: true
            text: kiosk.view.labels.leave_text
            font.pixelSize: 44
        }
    }
    RowLayout {
        Layout.fillWidth: true
        spacing: Theme.gap

        BigButton {
            objectName: "stay"
            Layout.fillWidth: true
            Layout.preferredWidth: 2
            Layout.preferredHeight: 120
            kind: "primary"
            icon: "back"
            text: kiosk.view.labels.leave_stay
            textSize: 44
        }
        BigButton {
            objectName: "leave"
            Layout.fillWidth: true
            Layout.preferredWidth: 1
            Layout.preferredHeight: 120
            icon: "exit"
            text: kiosk.view.labels.leave_leave
            textSize: 40
        }
    }
}
