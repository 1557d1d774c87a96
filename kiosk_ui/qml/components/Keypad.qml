// Ten digits, erase, and the button that sends. `okName` is the object name of the latter.
import QtQuick

Grid {
    id: keypad

    property string okName: "number_ok"
    property string okText: ""
    property string eraseText: ""
    property string commaText: ""

    columns: 3
    spacing: Theme.targetGap

    Repeater {
        model: 9

        BigButton {
            required property int index

            objectName: "key_" + (index + 1)
            width: 168
            text: String(index + 1)
            textSize: 48
        }
    }
    BigButton {
        objectName: "key_erase"
        width: 168
        stacked: true
        icon: "erase"
        iconSize: 36
        text: keypad.eraseText
        textSize: Theme.smallSize
    }
    BigButton {
        objectName: "key_0"
        width: 168
        text: "0"
        textSize: 48
    }
    BigButton {
        objectName: keypad.okName
        width: 168
        kind: "primary"
        stacked: true
        icon: "tick"
        iconSize: 36
        text: keypad.okText
        textSize: Theme.smallSize
    }
    BigButton {
        objectName: "key_comma"
        visible: keypad.commaText !== ""
        width: 168
        text: keypad.commaText
        textSize: 48
    }
}
