// What to do differently, and another try.
import QtQuick
import QtQuick.Layouts
import "../components"

Page {
    id: screen
    name: "try_again"

    RowLayout {
        Layout.fillWidth: true
        Layout.fillHeight: true
        Layout.maximumHeight: Theme.unlimited
        spacing: 40

        Drawing {
            Layout.fillHeight: true
            Layout.preferredWidth: 400
            name: ({ temperature: "forehead", pressure: "posture", breath: "blow" })[screen.page.state] ?? ""
        }
        ColumnLayout {
            Layout.fillWidth: true
            Layout.alignment: Qt.AlignVCenter
            spacing: Theme.gap

            Words {
                Layout.fillWidth: true
                text: screen.page.text
                font.pixelSize: Theme.leadSize
            }
            Words {
                Layout.fillWidth: true
                text: screen.page.note
                font.pixelSize: Theme.textSize
                color: Theme.inkSoft
            }
        }
    }
    PageButton {
        Layout.preferredWidth: Theme.startWidth
        Layout.preferredHeight: 120
        name: "retry"
        kind: "primary"
        icon: "repeat"
        textSize: Theme.buttonSize
    }
}
