"""Keys of a real keyboard, and card or QR readers that pretend to be one: a reader types faster than any person."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent

LEAST_CARD_CHARACTERS = 4
MOST_CARD_CHARACTERS = 400
_ENDS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


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

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            self._key(event)
        return False

    def _key(self, event: QKeyEvent) -> None:
        if event.key() in _ENDS:
            line = self._reader.ended()
            if line:
                self._card(line)
            else:
                self._press("number_ok")
        elif event.key() == Qt.Key.Key_Backspace:
            self._press("key_erase")
        elif event.text().isprintable() and event.text():
            self._reader.typed(event.text(), self._moment_s(event))
            if event.text().isdigit():
                self._press(f"key_{event.text()}")

    def _moment_s(self, event: QKeyEvent) -> float:
        """When the key was pressed. A busy screen looks at it later, and the pauses between looks are its own."""
        return event.timestamp() / 1000 or self._now_s()
