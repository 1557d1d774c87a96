// The live picture with an oval, and what to change.
import QtQuick
import QtQuick.Layouts
import QtQuick.Shapes
import Dopusk.Kiosk
import "../components"

Page {
    id: screen
    name: kiosk.view.screen === "search" ? "search" : "face"

    Item {
        Layout.fillWidth: true
        Layout.fillHeight: true
        Layout.maximumHeight: Theme.unlimited

        Rectangle {
            id: window
            anchors { horizontalCenter: parent.horizontalCenter; top: parent.top; bottom: parent.bottom }
            width: Math.min(parent.width, height * 4 / 3)
            color: Theme.night

            CameraPreview {
                id: preview
                objectName: "preview"
                anchors.fill: parent
                source: frames
            }
            Icon {
                anchors.centerIn: parent
                visible: !preview.has_picture
                name: "camera"
                size: 120
                color: Theme.nightSoft
            }
            Shape {
                anchors.fill: parent
                preferredRendererType: Shape.CurveRenderer

                ShapePath {
                    strokeColor: screen.page.state === "hold" ? Theme.nightGood : Theme.card
                    strokeWidth: 8
                    strokeStyle: ShapePath.DashLine
                    dashPattern: [3, 2.2]
                    fillColor: "transparent"

                    PathAngleArc {
                        centerX: window.width / 2
                        centerY: window.height / 2
                        radiusX: window.height * 0.31
                        radiusY: window.height * 0.42
                        sweepAngle: 360
                    }
                }
            }
        }
    }
    Notice {
        objectName: "hint"
        Layout.fillWidth: true
        kind: "info"
        icon: screen.page.state === "hold" ? "camera" : "person"
        text: preview.has_picture ? screen.page.text : screen.page.lines[0] ?? ""
        textSize: Theme.leadSize
    }
    RowLayout {
        Layout.fillWidth: true
        visible: screen.page.note !== ""
        spacing: Theme.gap

        Words {
            Layout.fillWidth: true
            text: screen.page.note
            font.pixelSize: Theme.smallSize
            color: Theme.inkSoft
        }
        PageButton {
            name: "search_stop"
            icon: "back"
        }
    }
}
