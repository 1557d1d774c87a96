// A screen with a title; the rest of it is laid out below. `name` makes its object name.
import QtQuick
import QtQuick.Layouts

Item {
    id: screen

    required property string name
    readonly property var page: kiosk.view.page
    readonly property var live: kiosk.view.live
    property alias heading: heading
    default property alias content: column.data

    objectName: "screen_" + name

    ColumnLayout {
        id: column
        anchors { fill: parent; leftMargin: Theme.margin; rightMargin: Theme.margin; topMargin: 32; bottomMargin: 24 }
        spacing: Theme.gap

        Words {
            id: heading
            objectName: "title"
            Layout.fillWidth: true
            text: screen.page.title
            font.pixelSize: Theme.titleSize
            font.bold: true
            lineHeight: 1.0
        }
    }
}
