// The kiosk's window: everything is laid out for 1600×900 and scaled as a whole to the screen that is there.
import QtQuick
import QtQuick.Window
import "components"

Window {
    id: window
    objectName: "kiosk"
    width: Theme.stageWidth
    height: Theme.stageHeight
    color: Theme.night
    visible: false
    onClosing: close => close.accepted = kiosk.may_close

    Item {
        id: stage
        objectName: "stage"
        width: Theme.stageWidth
        height: Theme.stageHeight
        anchors.centerIn: parent
        scale: Math.min(window.width / width, window.height / height)

        Loader {
            anchors.fill: parent
            active: kiosk.ready
            source: "Shell.qml"
        }
    }
}
