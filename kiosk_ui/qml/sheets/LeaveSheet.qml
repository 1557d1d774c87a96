// Asked once before an exam is broken off.
import QtQuick
import QtQuick.Layouts
import "../components"

Sheet {
    objectName: "sheet_leave"
    title: kiosk.view.labels.leave_title

    Words {
        Layout.fillWidth: true
        text: kiosk.view.labels.leave_text
        font.pixelSize: Theme.leadSize
    }
    Item {
        Layout.fillHeight: true
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
