// A drawing of ours, by its name in the folder of drawings.
import QtQuick

Image {
    property string name: ""

    source: name === "" ? "" : Qt.resolvedUrl("../drawings/" + name + ".svg")
    sourceSize: Qt.size(width, height)
    fillMode: Image.PreserveAspectFit
}
