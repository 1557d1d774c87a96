// Says on every screen that this is not real. Nothing at all in real work.
import QtQuick

Rectangle {
    id: band

    property string text: ""

    height: text === "" ? 0 : Theme.bandHeight
    visible: text !== ""
    color: "#FFD27A"

    Words {
        objectName: "demo_band"
        anchors.centerIn: parent
        text: band.text
        font.pixelSize: Theme.smallSize
        font.bold: true
        wrapMode: Text.NoWrap
    }
}
