"""Keys of a real keyboard, and card or QR readers that pretend to be one: a reader types faster than any person.

A reader presses positions of keys, so the position is what counts, and not what the layout makes of it. Its line ends with
Enter, with Tab, or with silence.
"""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent

LEAST_CARD_CHARACTERS = 4
MOST_CARD_CHARACTERS = 2001
"""One more than any code is taken with: what is longer is refused and never cut to something else."""
SILENCE_S = 0.4
"""After this long without another character a reader's line is over, in seconds."""
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_FIRST_KEYCODE = 8
"""What X11, Wayland and Qt's own input add to the kernel's number of a key (linux/input-event-codes.h)."""
_ROWS = {2: ("1234567890-=", "!@#$%^&*()_+"), 16: ("qwertyuiop[]", "QWERTYUIOP{}"), 30: ("asdfghjkl;'`", 'ASDFGHJKL:"~'),
         43: ("\\zxcvbnm,./", "|ZXCVBNM<>?")}  # fmt: skip
_POSITIONS: dict[int, tuple[str, str]] = {
    first + index: pair
    for first, (plain, shifted) in _ROWS.items()
    for index, pair in enumerate(zip(plain, shifted, strict=True))
}


def meant(event: QKeyEvent) -> str:
    """The character of the key's position on the layout that readers type in; what the event says where there is no position."""
    text = event.text()
    pair = _POSITIONS.get(event.nativeScanCode() - _FIRST_KEYCODE)
    if pair is None or not text.isprintable() or not text:
        return text if text.isprintable() else ""
    shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
    if pair[0].isalpha():
        return pair[1] if (text.isupper() if text.isalpha() else shifted) else pair[0]
    return pair[1] if shifted else pair[0]


@dataclass(slots=True)
class CardReader:
    """Tells a reader's line from a person's typing. Times are seconds of the monotonic clock, handed in."""

    gap_s: float
    """The longest pause between two characters of a reader."""
    text: str = ""
    last_s: float = 0.0
    slow: bool = False

    def typed(self, character: str, now_s: float) -> None:
        """One more character. A pause longer than a whole line begins a new one."""
        gap_s = now_s - self.last_s
        if self.text and gap_s > 1.0:
            self.text, self.slow = "", False
        if self.text and gap_s >= self.gap_s:
            self.slow = True
        self.text = (self.text + character)[:MOST_CARD_CHARACTERS]
        self.last_s = now_s

    def ended(self) -> str:
        """The line ends: what a reader typed, or nothing if a person did."""
        line = "" if self.slow or len(self.text) < LEAST_CARD_CHARACTERS else self.text
        self.text, self.slow = "", False
        return line


class Keystrokes(QObject):
    """Watches a window's keys: `press` gets the names of keypad buttons, `card` gets whole lines of a reader."""

    def __init__(
        self,
        press: Callable[[str], None],
        card: Callable[[str], None],
        now_s: Callable[[], float],
        gap_s: float,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._press, self._card, self._now_s = press, card, now_s
        self._reader = CardReader(gap_s)
        self._silence = QTimer(self, interval=int(1000 * SILENCE_S), singleShot=True)
        self._silence.timeout.connect(self._ended)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            self._key(event)
        return False

    def _key(self, event: QKeyEvent) -> None:
        if event.key() in _ENTER:
            if not self._ended():
                self._press("number_ok")
        elif event.key() == Qt.Key.Key_Tab:
            self._ended()
        elif event.key() == Qt.Key.Key_Backspace:
            self._press("key_erase")
        elif character := meant(event):
            self._reader.typed(character, self._moment_s(event))
            if event.isAutoRepeat():
                self._reader.slow = True  # a finger that rests on a key is no reader
            if QCoreApplication.instance() is not None:
                self._silence.start()
            if character.isascii() and character.isdigit():
                self._press(f"key_{character}")

    def _ended(self) -> bool:
        """The line is over; whether it was a reader's."""
        self._silence.stop()
        line = self._reader.ended()
        if line:
            self._card(line)
        return bool(line)

    def _moment_s(self, event: QKeyEvent) -> float:
        """When the key was pressed. A busy screen looks at it later, and the pauses between looks are its own."""
        return event.timestamp() / 1000 or self._now_s()
