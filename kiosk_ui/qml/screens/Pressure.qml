// The cuff: posture and start; then what is happening, and always the way to stop it.
import QtQuick
import QtQuick.Layouts
import "../components"

Page {
    id: screen
    name: "pressure"

    readonly property bool measuring: page.state === "measuring"
    readonly property bool byHand: page.state === "by_hand"

    Notice {
        Layout.fillWidth: true
        kind: "info"
        icon: "repeat"
        text: screen.page.note
        textSize: Theme.smallSize
    }
    RowLayout {
        Layout.fillWidth: true
        Layout.fillHeight: true
        Layout.maximumHeight: Theme.unlimited
        spacing: 32

        Drawing {
            Layout.fillHeight: true
            Layout.preferredWidth: screen.page.state === "ready" ? 300 : 430
            name: "posture"
        }
        ColumnLayout {
            Layout.fillWidth: true
            Layout.alignment: Qt.AlignVCenter
            spacing: screen.page.note !== "" ? 6 : screen.live.number !== "" ? 10 : 14

            Repeater {
                model: screen.page.lines

                RowLayout {
                    id: line
                    required property string modelData
                    required property int index
                    Layout.fillWidth: true
                    spacing: 18

                    Rectangle {
                        Layout.alignment: Qt.AlignTop
                        Layout.topMargin: 12
                        Layout.preferredWidth: 14
                        Layout.preferredHeight: 14
                        radius: 7
                        color: Theme.ink
                    }
                    Words {
                        objectName: line.index === 0 ? "first_line" : ""
                        Layout.fillWidth: true
                        text: line.modelData
                        font.bold: line.index === 0
                        font.pixelSize: line.index === 0 ? Theme.textSize : Theme.smallSize
                    }
                }
            }
            Words {
                Layout.fillWidth: true
                visible: screen.measuring || screen.byHand
                text: screen.page.text
                font.pixelSize: 36
            }
            Row {
                visible: screen.live.number !== ""
                spacing: 18

                Words {
                    id: cuff
                    objectName: "cuff_mmhg"
                    text: screen.live.number
                    font.pixelSize: 92
                    font.bold: true
                    lineHeight: 1.0
                    wrapMode: Text.NoWrap
                }
                Words {
                    anchors.baseline: cuff.baseline
                    text: screen.live.unit
                    color: Theme.inkSoft
                    wrapMode: Text.NoWrap
                }
            }
            PageButton {
                Layout.alignment: Qt.AlignRight | Qt.AlignBottom
                Layout.preferredWidth: Theme.stopWidth
                Layout.preferredHeight: 112
                name: "stop_measuring"
                kind: "stop"
                icon: "square"
                textSize: 44
            }
        }
    }
    RowLayout {
        Layout.fillWidth: true
        Layout.preferredHeight: 120
        spacing: Theme.gap

        PageButton {
            Layout.preferredWidth: Theme.startWidth
            Layout.preferredHeight: 120
            name: "start_measuring"
            kind: "primary"
            icon: "play"
            textSize: 40
        }
        ColumnLayout {
            Layout.fillWidth: true
            spacing: 8

            FillBar {
                Layout.fillWidth: true
                visible: screen.measuring
                fraction: screen.live.fraction
                tone: Theme.pressure
            }
            Words {
                Layout.fillWidth: true
                visible: screen.measuring
                text: screen.live.progress_text
                color: Theme.inkSoft
            }
        }
    }
}
