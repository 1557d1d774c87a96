// A button that the page itself asks for: its words come with the page, and without words it is not there.
import QtQuick

BigButton {
    required property string name

    objectName: name
    text: kiosk.view.page.buttons[name] ?? ""
    visible: text !== ""
}
