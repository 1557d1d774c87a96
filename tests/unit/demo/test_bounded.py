"""The demonstration ends with words where what it waits for does not come."""

import pytest

from dopusk import words
from dopusk.lab.demo.hand import Hand, KioskTrouble
from dopusk.lab.demo.worker import SCREEN_WITHIN_S, TROUBLE_WITHIN_S, ScriptedWorker
from dopusk.told import told


class _StuckKiosk(Hand):
    """A kiosk that says that a device does not answer, and goes on saying so."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.waited_s: list[float] = []

    def wait(self, *names: str, other_than: str = "", gone: str = "", timeout_s: float = 60.0) -> str:
        self.waited_s.append(timeout_s)
        if other_than == "screen_trouble":
            raise KioskTrouble("the kiosk did not get further within 40 s; on the screen: screen_trouble")
        return "screen_trouble"

    def picture(self, label: str) -> str:
        self.taken.append(f"demo-output/01-{label}.png")
        return self.taken[-1]


def test_a_device_that_never_answers_ends_the_story_in_words() -> None:
    kiosk, lines = _StuckKiosk(), list[str]()
    with pytest.raises(KioskTrouble) as raised:
        ScriptedWorker(kiosk, "1001", lines.append).go_on_until("waiting")
    assert str(raised.value) == "a device does not answer; the kiosk waits for it, see demo-output/01-trouble.png"
    assert kiosk.waited_s == [SCREEN_WITHIN_S, TROUBLE_WITHIN_S]
    words.use("ru")
    try:
        assert told(str(raised.value)) == "прибор не отвечает, киоск ждёт его; см. demo-output/01-trouble.png"
    finally:
        words.use("en")
