// The whole text of the consent.
import QtQuick
import QtQuick.Layouts
import "../components"

Sheet {
    objectName: "sheet_consent"
    title: kiosk.view.page.note

    Words {
        objectName: "consent_text"
        Layout.fillWidth: true
        text: kiosk.view.page.text
        font.pixelSize: Theme.smallSize
    }
    Item {
        Layout.fillHeight: true
    }
    BigButton {
        objectName: "close"
        Layout.preferredWidth: 400
        kind: "primary"
        icon: "back"
        text: kiosk.view.labels.close
    }
}
