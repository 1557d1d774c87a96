// Several employers use one number: where the worker works today. Six on a page, all of one size.
import QtQuick
import QtQuick.Layouts
import "../components"

Page {
    id: screen
    name: "employer"

    readonly property int onPage: 6
    readonly property var numbers: Object.keys(page.buttons).filter(name => /^employer_[0-9]+$/.test(name))
        .sort((one, other) => Number(one.slice(9)) - Number(other.slice(9)))
    readonly property int pages: Math.max(1, Math.ceil(numbers.length / onPage))
    readonly property int first: (kiosk.draft.page % pages) * onPage

    Words {
        Layout.fillWidth: true
        visible: screen.numbers.length <= 4 // beyond it the buttons need the room
        text: screen.page.text
        font.pixelSize: Theme.leadSize
    }
    GridLayout {
        Layout.fillWidth: true
        Layout.fillHeight: true
        Layout.maximumHeight: Theme.unlimited
        columns: 2
        columnSpacing: Theme.targetGap
        rowSpacing: Theme.targetGap
        uniformCellWidths: true
        uniformCellHeights: true

        Repeater {
            model: screen.numbers.slice(screen.first, screen.first + screen.onPage)

            BigButton {
                required property string modelData
                objectName: modelData
                Layout.fillWidth: true
                Layout.fillHeight: true

                Words {
                    anchors { fill: parent; leftMargin: 14; rightMargin: 14 }
                    text: screen.page.buttons[parent.modelData] ?? ""
                    font.pixelSize: Theme.smallSize + 2
                    fontSizeMode: Text.Fit // employers have long names
                    minimumPixelSize: 24
                    horizontalAlignment: Text.AlignHCenter
                    verticalAlignment: Text.AlignVCenter
                }
            }
        }
    }
    RowLayout {
        Layout.fillWidth: true
        spacing: Theme.gap

        PageButton {
            Layout.fillWidth: true
            name: "employer_none"
            icon: "back"
        }
        PageButton {
            Layout.preferredWidth: Theme.onwardWidth
            name: "employer_more"
            icon: "play"
        }
    }
}
