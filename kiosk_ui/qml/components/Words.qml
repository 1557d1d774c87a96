// Text that wraps and is never cut. Word by word: a word that does not fit is a fault of the layout, not of the reader.
import QtQuick

Text {
    color: Theme.ink
    font.pixelSize: Theme.textSize
    wrapMode: Text.WordWrap
    textFormat: Text.PlainText
    lineHeight: 1.08
}
