// Signs drawn with one pen on a 24×24 grid; each stands beside words.
import QtQuick
import QtQuick.Shapes

Item {
    id: icon

    property string name: ""
    property real size: 40
    property color color: Theme.ink
    property real pen: 2.2

    readonly property var paths: ({
            tick: "M4 12.5 L9.5 18 L20 6.5",
            cross: "M6 6 L18 18 M18 6 L6 18",
            dot: "M12 10.5 A1.5 1.5 0 1 0 12.01 10.5",
            ring: "M12 4 A8 8 0 1 0 12.01 4",
            arrow: "M4 12 L19 12 M13 6 L19 12 L13 18",
            back: "M20 12 L5 12 M11 6 L5 12 L11 18",
            up: "M5 16 L12 8 L19 16",
            down: "M5 8 L12 16 L19 8",
            clock: "M12 3 A9 9 0 1 0 12.01 3 M12 7.5 L12 12 L15.5 14",
            warning: "M12 4 L21.5 20 L2.5 20 Z M12 10 L12 14.5 M12 17 L12 17.2",
            help: "M12 3 A9 9 0 1 0 12.01 3 M9.3 9.5 A2.8 2.8 0 1 1 12 13 L12 14 M12 17 L12 17.2",
            medic: "M4 8 L20 8 L20 20 L4 20 Z M9 8 L9 5 L15 5 L15 8 M12 11 L12 17 M9 14 L15 14",
            globe: "M12 3 A9 9 0 1 0 12.01 3 M3 12 L21 12 M12 3 C7.5 8 7.5 16 12 21 M12 3 C16.5 8 16.5 16 12 21",
            exit: "M13 4 L5 4 L5 20 L13 20 M10 12 L21 12 M17 8 L21 12 L17 16",
            wrench: "M14 7 A4 4 0 0 1 19.5 4.6 L17 7.2 L17.4 9 L19.3 9.4 L21 7 A4.2 4.2 0 0 1 15.5 11.5 L7.5 19.5 A2 2 0 0 1 4.6 16.6 L12.6 8.6",
            erase: "M9 6 L21 6 L21 18 L9 18 L3 12 Z M12.5 9.5 L17.5 14.5 M17.5 9.5 L12.5 14.5",
            touch: "M9 12 L9 5 A1.6 1.6 0 0 1 12.2 5 L12.2 11 L17.5 12.3 A2.2 2.2 0 0 1 19 14.6 L18 20.5 L10.5 20.5 L6 14.8 A1.6 1.6 0 0 1 8.3 12.6 L9 13.4",
            person: "M12 4 A4 4 0 1 0 12.01 4 M4.5 20.5 A7.5 7 0 0 1 19.5 20.5",
            paper: "M6 3 L15 3 L19 7 L19 21 L6 21 Z M9 11 L16 11 M9 15 L16 15",
            camera: "M4 7 L8 7 L9.5 5 L14.5 5 L16 7 L20 7 L20 19 L4 19 Z M12 9.5 A3.4 3.4 0 1 0 12.01 9.5",
            speech: "M4 5 L20 5 L20 16 L12 16 L8 20 L8 16 L4 16 Z",
            thermometer: "M10 14 L10 5 A2 2 0 0 1 14 5 L14 14 A4 4 0 1 1 10 14 M12 9 L12 17",
            gauge: "M4 17 A8.5 8.5 0 1 1 20 17 M12 14.5 L16 9",
            wind: "M3 9 L14 9 A2.6 2.6 0 1 0 11.6 5.6 M3 13 L18 13 A2.6 2.6 0 1 1 15.6 16.4 M3 17 L9 17",
            stamp: "M5 20 L19 20 M6 16 L18 16 L18 13 L13.8 13 L13.8 9.5 A3 3 0 1 0 10.2 9.5 L10.2 13 L6 13 Z",
            linked: "M4 18 L4.2 18 M8 14 A6 6 0 0 0 4.2 13 M12 10.5 A11 11 0 0 0 4 8 M8.2 18 A4.2 4.2 0 0 0 4 14 M13 18 A9 9 0 0 0 4 9 M18 18 A14 14 0 0 0 4 4",
            unlinked: "M4 18 L4.2 18 M8.2 18 A4.2 4.2 0 0 0 4 14 M13 18 A9 9 0 0 0 4 9 M15 4 L21 10 M21 4 L15 10",
            send: "M3 11.5 L21 3.5 L15 20.5 L11.5 13 Z M11.5 13 L21 3.5",
            play: "M8 5 L19 12 L8 19 Z",
            square: "M5 5 L19 5 L19 19 L5 19 Z",
            repeat: "M5 11 A7.2 7.2 0 0 1 18.5 8.5 M18.8 4.5 L18.8 8.8 L14.6 8.8 M19 13 A7.2 7.2 0 0 1 5.5 15.5 M5.2 19.5 L5.2 15.2 L9.4 15.2",
            smile: "M12 3 A9 9 0 1 0 12.01 3 M8.5 9.5 L8.5 9.8 M15.5 9.5 L15.5 9.8 M8 14 A4.6 4.6 0 0 0 16 14",
            sad: "M12 3 A9 9 0 1 0 12.01 3 M8.5 9.5 L8.5 9.8 M15.5 9.5 L15.5 9.8 M8 16.4 A4.6 4.6 0 0 1 16 16.4",
            pencil: "M4 20 L5 15.5 L16 4.5 L19.5 8 L8.5 19 Z M13.5 7 L17 10.5",
            headache: "M15 21 L15 18 L18 18 L18 14 L20 13 L18 9.5 A6.5 6.5 0 1 0 7 14.5 L7 21 M13 5 L10.5 8.5 L13.5 8.5 L11 12",
            dizziness: "M12 12 A2 2 0 1 1 14 14 A4.5 4.5 0 1 1 16.5 9.5 M16.8 9.8 A7 7 0 1 1 9 6 M9 6 A9.5 9.5 0 0 1 21 10",
            weakness: "M3 8 L18 8 L18 16 L3 16 Z M21 11 L21 13 M6 11 L6 13",
            fever: "M8 14 L8 5 A2 2 0 0 1 12 5 L12 14 A4 4 0 1 1 8 14 M10 9 L10 17 M16 5 L20 5 M16 9 L20 9 M16 13 L18.5 13",
            cough: "M4 20 L4 16 A6 6 0 1 1 13 13 L13 15 L10 15 L10 20 M16 10 L20 8.5 M16.5 13.5 L21 13.5 M16 17 L20 18.5",
            chest_pain: "M12 20 C4 14.5 3 10.5 4.5 7.5 C6.5 4 10.5 4.5 12 8 C13.5 4.5 17.5 4 19.5 7.5 C21 10.5 20 14.5 12 20 M13 8.5 L10.8 12 L13.4 12 L11.4 15.5",
            breathless: "M12 4 L12 11 L9 13 M12 11 L15 13 M9 8 C5 9 3.5 14 4 19 C7 20 9 19 9.5 16 Z M15 8 C19 9 20.5 14 20 19 C17 20 15 19 14.5 16 Z",
            nausea: "M12 3 A9 9 0 1 0 12.01 3 M7.5 8.5 L10 10 L7.5 11.2 M16.5 8.5 L14 10 L16.5 11.2 M8 16 Q10 13.5 12 16 T16 16",
            stomach: "M10 3 L10 8 C6 9 4.5 12 4.5 15 C4.5 19 8 21 12 20 C17 19.5 20 16 19.5 11 C19 8 15.5 7.5 13.8 9.5 L13.8 3",
            injury: "M4.5 15 L15 4.5 A3.2 3.2 0 0 1 19.5 9 L9 19.5 A3.2 3.2 0 0 1 4.5 15 M9.5 10 L14 14.5 M11.5 12 L11.7 12",
            poor_sleep: "M18.5 15.5 A8 8 0 1 1 10 4.5 A6.5 6.5 0 0 0 18.5 15.5 M15 4 L20 4 L15 9 L20 9",
            medicines: "M8 3 L16 3 L16 7 L8 7 Z M9 7 L7 10 L7 21 L17 21 L17 10 L15 7 M12 12 L12 18 M9 15 L15 15"
        })

    function knows(sign: string): bool {
        return paths[sign] !== undefined;
    }

    implicitWidth: size
    implicitHeight: size

    Shape {
        anchors.fill: parent
        preferredRendererType: Shape.CurveRenderer

        ShapePath {
            scale: Qt.size(icon.size / 24, icon.size / 24)
            strokeColor: icon.color
            strokeWidth: icon.pen * icon.size / 24
            fillColor: "transparent"
            capStyle: ShapePath.RoundCap
            joinStyle: ShapePath.RoundJoin

            PathSvg {
                path: icon.paths[icon.name] ?? ""
            }
        }
    }
}
