// Well, or a list of what is wrong; several can be chosen.
import QtQuick
import QtQuick.Layouts
import "../components"

Page {
    id: screen
    name: "complaints"

    readonly property bool listed: kiosk.draft.sheet === "complaints_some" || kiosk.draft.sheet === "complaints_other"

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
        columns: 3
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
                icon: modelData.label
                text: modelData.value
                textSize: Theme.smallSize
                marked: kiosk.draft.chosen.indexOf(modelData.label) >= 0

                Icon {
                    anchors { right: parent.right; top: parent.top; margins: 10 }
                    visible: parent.marked
                    name: "tick"
                    size: 40
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
