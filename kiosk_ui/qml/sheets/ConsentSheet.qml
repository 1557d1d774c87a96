// The whole text of the consent. A long one is turned by buttons, a screen at a time.
import QtQuick
import QtQuick.Layouts
import "../components"

Sheet {
    id: sheet
    objectName: "sheet_consent"
    title: kiosk.view.page.note

    readonly property real step: Math.max(page.height - 48, 1)
    readonly property real last: Math.max(page.contentHeight - page.height, 0)

    Flickable {
        id: page
        objectName: "consent_page"
        Layout.fillWidth: true
        Layout.fillHeight: true
        contentHeight: words.implicitHeight
        clip: true
        boundsBehavior: Flickable.StopAtBounds

        Words {
            id: words
            objectName: "consent_text"
            width: page.width
            text: kiosk.view.page.text
            font.pixelSize: Theme.smallSize
        }
    }
    RowLayout {
        Layout.fillWidth: true
        spacing: Theme.gap

        BigButton {
            objectName: "close"
            Layout.preferredWidth: 400
            kind: "primary"
            icon: "back"
            text: kiosk.view.labels.close
        }
        Item {
            Layout.fillWidth: true
        }
        BigButton {
            objectName: "consent_up"
            visible: sheet.last > 0
            enabled: page.contentY > 0
            opacity: enabled ? 1 : 0.4
            Layout.preferredWidth: 160
            icon: "up"
            onPressed: page.contentY = Math.max(page.contentY - sheet.step, 0)
        }
        BigButton {
            objectName: "consent_down"
            visible: sheet.last > 0
            enabled: page.contentY < sheet.last
            opacity: enabled ? 1 : 0.4
            Layout.preferredWidth: 160
            icon: "down"
            onPressed: page.contentY = Math.min(page.contentY + sheet.step, sheet.last)
        }
    }
}
