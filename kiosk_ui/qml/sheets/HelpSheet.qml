// What to do on this very screen, and whom to call.
import QtQuick
import QtQuick.Layouts
import "../components"

Sheet {
    id: sheet
    objectName: "sheet_help"
    title: kiosk.view.help.title

    Words {
        Layout.fillWidth: true
        visible: kiosk.view.help.called === ""
        text: kiosk.view.help.lead
        color: Theme.inkSoft
    }
    Words {
        Layout.fillWidth: true
        text: kiosk.view.help.text
        font.pixelSize: Theme.leadSize
    }
    Notice {
        Layout.fillWidth: true
        kind: "info"
        icon: "medic"
        text: kiosk.view.help.called
    }
    RowLayout {
        Layout.fillWidth: true
        spacing: 36

        Icon {
            name: "medic"
            size: 110
            color: Theme.action
        }
        ColumnLayout {
            Layout.fillWidth: true
            spacing: 8

            Words {
                Layout.fillWidth: true
                text: Theme.glued(kiosk.view.help.room)
                font.pixelSize: Theme.buttonSize
                font.bold: true
            }
            Words {
                Layout.fillWidth: true
                text: Theme.glued(kiosk.view.help.phone)
                font.pixelSize: Theme.leadSize
                font.bold: true
            }
            Words {
                Layout.fillWidth: true
                text: Theme.glued(kiosk.view.help.organisation)
                color: Theme.inkSoft
            }
        }
    }
    Item {
        Layout.fillHeight: true
    }
    RowLayout {
        Layout.fillWidth: true
        spacing: Theme.gap

        BigButton {
            objectName: "call_medic"
            Layout.fillWidth: true
            Layout.preferredHeight: 112
            visible: kiosk.view.help.called === ""
            icon: "medic"
            text: kiosk.view.labels.call_medic
        }
        BigButton {
            objectName: "close"
            Layout.fillWidth: true
            Layout.preferredHeight: 112
            kind: "primary"
            icon: "back"
            text: kiosk.view.labels.close
        }
    }
}
