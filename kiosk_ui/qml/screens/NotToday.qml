// Why not here and not today, and the one place to go instead.
import QtQuick
import QtQuick.Layouts
import "../components"

Page {
    id: screen
    name: "not_today"

    Rectangle {
        Layout.fillWidth: true
        Layout.fillHeight: true
        Layout.maximumHeight: Theme.unlimited
        radius: 14
        color: Theme.attentionTint

        Rectangle {
            width: 10
            height: parent.height
            radius: 5
            color: Theme.attention
        }
        Icon {
            id: sign
            anchors { left: parent.left; leftMargin: 36; verticalCenter: parent.verticalCenter }
            name: "warning"
            size: 80
            pen: 1.6
            color: Theme.attention
        }
        Words {
            objectName: "reason"
            anchors {
                left: sign.right; leftMargin: 32; right: parent.right; rightMargin: 28
                top: parent.top; topMargin: 16; bottom: parent.bottom; bottomMargin: 16
            }
            text: Theme.glued(screen.page.text)
            verticalAlignment: Text.AlignVCenter
            font.pixelSize: 44
            fontSizeMode: Text.Fit
            minimumPixelSize: Theme.smallSize
        }
    }
    Repeater {
        model: screen.page.lines

        RowLayout {
            id: line
            required property string modelData
            required property int index
            Layout.fillWidth: true
            spacing: 24

            Icon {
                name: line.index === 0 && screen.page.lines.length > 1 ? "medic" : "speech"
                size: 52
                color: Theme.action
            }
            Words {
                Layout.fillWidth: true
                text: Theme.glued(line.modelData)
                font.pixelSize: Theme.leadSize
                font.bold: line.index === 0 && screen.page.lines.length > 1
            }
        }
    }
    PageButton {
        Layout.preferredWidth: Theme.pageWidth - 2 * Theme.margin
        Layout.preferredHeight: 112
        name: "leave"
        kind: "primary"
        icon: "tick"
        textSize: 44
    }
}
