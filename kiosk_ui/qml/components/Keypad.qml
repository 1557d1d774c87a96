// Ten digits, erase, and the button that sends. `okName` is the object name of the latter.
import QtQuick

Grid {
    id: keypad

    property string okName: "number_ok"
    property string okText: ""
    property string eraseText: ""

    columns: 3
    spacing: Theme.targetGap

    Repeater {
        model: 9

        BigButton {
            required property int index

            objectName: "key_" + (index + 1)
            width: 140
            text: String(index + 1)
            textSize: 48
        }
    }
    BigButton {
        objectName: "key_erase"
        width: 140
        icon: "erase"
    }
    BigButton {
        objectName: "key_0"
        width: 140
        text: "0"
        textSize: 48
    }
    BigButton {
        objectName: keypad.okName
        width: 140
        kind: "primary"
        icon: "tick"
    }
}
