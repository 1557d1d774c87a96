// For the engineer: every device with its state, the terminal, the link. Scrolls by its bar's buttons, never by a swipe only.
import QtQuick
import QtQuick.Layouts
import "../components"

Page {
    id: screen
    name: "service"

    RowLayout {
        Layout.fillWidth: true
        Layout.fillHeight: true
        Layout.maximumHeight: Theme.unlimited
        spacing: 48

        ColumnLayout {
            Layout.fillWidth: true
            Layout.preferredWidth: 3
            Layout.alignment: Qt.AlignTop
            spacing: 14

            Words {
                text: screen.page.text
                font.bold: true
                color: Theme.inkSoft
                font.pixelSize: Theme.smallSize
            }
            Repeater {
                model: screen.page.lines

                Words {
                    required property string modelData
                    Layout.fillWidth: true
                    text: modelData
                    font.pixelSize: Theme.smallSize
                    wrapMode: Text.Wrap
                }
            }
            LinkLine {
                Layout.fillWidth: true
                Layout.topMargin: 10
            }
            Words {
                Layout.fillWidth: true
                visible: text !== ""
                text: screen.page.code
                font.pixelSize: Theme.smallSize
                color: Theme.inkSoft
                wrapMode: Text.Wrap
            }
        }
        ColumnLayout {
            Layout.fillWidth: true
            Layout.preferredWidth: 2
            Layout.alignment: Qt.AlignTop
            spacing: 14

            Words {
                text: screen.page.note
                font.bold: true
                color: Theme.inkSoft
                font.pixelSize: Theme.smallSize
            }
            Repeater {
                model: screen.page.facts

                Words {
                    required property var modelData
                    Layout.fillWidth: true
                    text: modelData.label + ": " + modelData.value
                    font.pixelSize: Theme.smallSize
                    wrapMode: Text.Wrap
                }
            }
        }
    }
    PageButton {
        Layout.preferredWidth: 360
        name: "service_close"
        kind: "primary"
        icon: "back"
    }
}
