// Forehead to the sensor, with the distance drawn.
import QtQuick
import QtQuick.Layouts
import "../components"

Page {
    id: screen
    name: "temperature"

    Drawing {
        Layout.fillWidth: true
        Layout.fillHeight: true
        name: "forehead"
    }
    Notice {
        objectName: "hint"
        Layout.fillWidth: true
        kind: "info"
        icon: "thermometer"
        text: screen.page.text
        textSize: 36
    }
    Words {
        Layout.fillWidth: true
        visible: text !== ""
        text: screen.page.note
        font.pixelSize: Theme.smallSize
    }
}
