// Lies over the page; what is under it cannot be touched meanwhile.
import QtQuick
import QtQuick.Layouts

Rectangle {
    id: sheet

    property string title: ""
    default property alias content: column.data

    color: Theme.sheet

    MouseArea {
        anchors.fill: parent
        onPressed: kiosk.touched()
    }

    ColumnLayout {
        id: column
        anchors { fill: parent; margins: 56; topMargin: 48; bottomMargin: 40 }
        spacing: Theme.gap

        Words {
            Layout.fillWidth: true
            text: sheet.title
            visible: text !== ""
            font.pixelSize: Theme.titleSize
            font.bold: true
            lineHeight: 1.0
        }
    }
}
