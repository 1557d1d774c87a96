pragma Singleton
// Sizes in pixels of the 1600×900 stage, and colours.
// A "deep" colour is the shade that carries white text at 7:1 or better; the plain one is for lines, bars and signs.
import QtQuick

QtObject {
    readonly property int stageWidth: 1600
    readonly property int stageHeight: 900
    readonly property int pageWidth: 1072
    readonly property int margin: 48
    readonly property int gap: 24
    readonly property int target: 96
    readonly property int targetGap: 16
    readonly property int footerHeight: 124
    readonly property int bandHeight: 48
    readonly property int unlimited: 100000 // a nested layout stops at its children's size unless told otherwise

    // Buttons that follow each other never lie on each other: starting is at the lower left, going on at the lower right,
    // stopping above it at the right, ending above it at the left.
    readonly property int startWidth: 552
    readonly property int onwardWidth: 400
    readonly property int stopWidth: 514
    readonly property int endWidth: 438

    readonly property int titleSize: 56
    readonly property int leadSize: 40
    readonly property int textSize: 34
    readonly property int smallSize: 32
    readonly property int valueSize: 112
    readonly property int buttonSize: 36

    readonly property color ink: "#10243A"
    readonly property color inkSoft: "#3C4D61"
    readonly property color sheet: "#F7F9FB"
    readonly property color card: "#FFFFFF"
    readonly property color line: "#C3CEDA"
    readonly property color edge: "#5B6F86"

    readonly property color action: "#0B6BCB"
    readonly property color actionDeep: "#085099"
    readonly property color actionTint: "#E4F0FC"
    readonly property color good: "#1B7F3B"
    readonly property color goodDeep: "#14602D"
    readonly property color goodTint: "#E6F4EA"
    readonly property color attention: "#B25E00"
    readonly property color attentionTint: "#FFF0DB"
    readonly property color stop: "#B3261E"
    readonly property color stopDeep: "#9A211A"
    readonly property color stopTint: "#FCE9E7"

    readonly property color night: "#10243A"
    readonly property color nightCard: "#1A3350"
    readonly property color nightLine: "#5B7896"
    readonly property color nightText: "#F7F9FB"
    readonly property color nightSoft: "#C3D0DE"
    readonly property color nightGood: "#8FE0A8"
    readonly property color nightWait: "#FFC46B"
    readonly property color nightBad: "#FFB4AB"
    readonly property color nightAction: "#7CC4FF"

    readonly property color pressure: "#8E3B9E"
    readonly property color pulse: "#C2185B"
    readonly property color temperature: "#C75B00"
    readonly property color alcohol: "#00696E"

    // No number stands alone at the head of a line, but a phone's after its colon; no preposition at the end of one.
    function glued(text) {
        return text.replace(/([^:]) (?=(№ ?)?\d)/g, "$1\u00a0").replace(/(^|[\s«(])([^\s\d.,;:«»()!?—-]{1,2}|№) (?=\S)/g, "$1$2\u00a0")
    }

    function parameter(name) {
        return { pressure: pressure, pulse: pulse, temperature: temperature, alcohol: alcohol }[name] ?? ink
    }
}
