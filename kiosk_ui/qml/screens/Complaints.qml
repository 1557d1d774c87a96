// Well, or a list of what is wrong; several can be chosen.
import QtQuick
import QtQuick.Layouts
import "../components"

Page {
    id: screen
    name: "complaints"

    readonly property bool listed: kiosk.draft.sheet === "complaints_some" || kiosk.draft.sheet === "complaints_other"

    Icon {
        id: icons
        visible: false
    }

    readonly property bool isCrowded: kiosk.view.complaints.length > 12

    heading.text: listed ? page.note : page.title

    RowLayout {
        Layout.fillWidth: true
        Layout.fillHeight: true
        Layout.maximumHeight: Theme.unlimited
        visible: !screen.listed
        spacing: 32

        BigButton {
            objectName: "complaints_none"
            Layout.fillWidth: true
            Layout.preferredWidth: 1
            Layout.preferredHeight: 300
            Layout.alignment: Qt.AlignTop
            stacked: true
            bold: true
            iconSize: 130
            icon: "smile"
            text: screen.page.buttons.complaints_none ?? ""
            textSize: 46
        }
        BigButton {
            objectName: "complaints_some"
            Layout.fillWidth: true
            Layout.preferredWidth: 1
            Layout.preferredHeight: 300
            Layout.alignment: Qt.AlignTop
            stacked: true
            bold: true
            iconSize: 130
            icon: "sad"
            text: screen.page.buttons.complaints_some ?? ""
            textSize: 46
        }
    }

    GridLayout {
        Layout.fillWidth: true
        Layout.fillHeight: true
        Layout.maximumHeight: Theme.unlimited
        visible: screen.listed
        columns: screen.isCrowded ? 4 : 3
        columnSpacing: Theme.targetGap
        rowSpacing: Theme.targetGap
        uniformCellWidths: true

        Repeater {
            model: kiosk.view.complaints

            BigButton {
                required property var modelData
                objectName: "complaint_" + modelData.label
                Layout.fillWidth: true
                Layout.fillHeight: true
                stacked: true
                icon: screen.isCrowded || measured.advanceWidth > width - 24 ? "" : icons.knows(modelData.label) ? modelData.label : "speech"
                text: modelData.value
                wrapWidth: width - 16
                textSize: Theme.smallSize
                marked: kiosk.draft.chosen.indexOf(modelData.label) >= 0

                TextMetrics { // words on two lines leave no room for a sign
                    id: measured
                    font.pixelSize: Theme.smallSize
                    text: modelData.value
                }
                Icon {
                    anchors { right: parent.right; top: parent.top; margins: 10 }
                    visible: parent.marked
                    name: "tick"
                    size: screen.isCrowded ? 26 : 40
                    pen: 3.4
                    color: Theme.action
                }
            }
        }
    }
    RowLayout {
        Layout.fillWidth: true
        visible: screen.listed
        spacing: Theme.targetGap

        BigButton {
            objectName: "complaints_back"
            icon: "back"
            text: screen.page.buttons.complaints_back ?? ""
        }
        BigButton {
            objectName: "complaints_other"
            icon: kiosk.draft.remark === "" ? "pencil" : "tick"
            text: screen.page.buttons.complaints_other ?? ""
        }
        BigButton {
            objectName: "complaints_done"
            Layout.fillWidth: true
            kind: kiosk.draft.chosen.length > 0 || kiosk.draft.remark !== "" ? "primary" : "plain"
            icon: "tick"
            text: screen.page.buttons.complaints_done ?? ""
        }
    }
}
