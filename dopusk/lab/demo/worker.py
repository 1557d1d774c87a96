"""The scripted worker: looks at the screen, does what it asks, takes a picture of each, and tells the story in lines."""

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence

from dopusk.lab.demo.hand import Hand, KioskTrouble
from dopusk.words import say, word

SCREENS = (
    "idle", "identify", "search", "employer", "confirm",
    "not_today", "consent", "face", "complaints", "temperature", "pressure", "breath",
    "result", "rest", "try_again", "trouble", "summary", "waiting", "decision", "resume", "urgent",
)  # fmt: skip

_STORY = {
    "idle": "the kiosk is ready",
    "identify": "types the personnel number {number} on the keypad",
    "search": "looks into the camera to be found among those who have consented",
    "employer": "is asked where they work today and chooses",
    "confirm": "is asked “is it you?” and confirms",
    "not_today": "is told why no remote exam is possible and where to go",
    "consent": "reads what is recorded and agrees",
    "face": "looks into the camera; the photo is taken",
    "complaints": "feels well, has no complaints",
    "temperature": "holds the forehead to the thermometer",
    "pressure": "puts on the cuff, sits still and starts",
    "breath": "blows into the breathalyzer",
    "result": "sees the value",
    "rest": "rests before the value is measured again",
    "try_again": "is asked to try again",
    "trouble": "is told that the device does not answer and who must act",
    "summary": "looks at the summary and sends it",
    "waiting": "waits for the medic",
    "decision": "reads the decision",
    "urgent": "is told that a medic was called at once, and whom to phone",
    "resume": "is offered to go on with the exam that was cut off",
}

Act = Callable[[], None]

SCREEN_WITHIN_S = 150.0
"""So long the story waits for the next screen: a cuff takes 40 s, a rest a minute."""
SAME_AGAIN_AFTER_S = 20.0
"""A result that still stands then is another one than that which was left."""
TROUBLE_WITHIN_S = 40.0
"""So long it waits for a device that does not answer, where nobody is about to plug it in."""
MOST_TRIES = 3
"""After so many unknown numbers the kiosk sends the person to a medic."""


class ScriptedWorker:
    """Presses the real buttons. `also` maps a screen to something that happens outside the kiosk when it shows."""

    def __init__(
        self,
        hand: Hand,
        number: str,
        tell: Callable[[str], None],
        *,
        by_face: bool = False,
        complaint: str = "",
        employer: int = 1,
    ) -> None:
        """`employer`: which of the employers on the screen is chosen, from 1, where the kiosk asks."""
        self._hand = hand
        self._number = number
        self._by_face = by_face
        self._complaint = complaint
        self._employer = employer
        self._tell = tell
        self._seen = ""
        self._tries = 0
        self.steps_s: dict[str, float] = {}
        self.stopped_at_s = 0.0

    def go_on_until(self, *last: str, also: Mapping[str, Act] | None = None, timeout_s: float = SCREEN_WITHIN_S) -> str:
        """Do what each screen asks until one of `last` is shown; returns its name. That one is pictured, not answered."""
        pending = dict(also or {})
        names = [f"screen_{name}" for name in SCREENS]
        began_s = time.monotonic()
        while True:
            seen = self._next_screen(names, timeout_s)
            screen = seen.removeprefix("screen_")
            now_s = time.monotonic()
            if self._seen:
                before = self._seen.removeprefix("screen_")
                self.steps_s[before] = round(self.steps_s.get(before, 0.0) + now_s - began_s, 3)
            began_s, self._seen = now_s, seen
            self._hand.picture(screen)
            if screen in last:
                self.stopped_at_s = now_s
                return screen
            self._tell(say("worker  {story}", story=self._story(screen)))
            if screen in pending:
                pending.pop(screen)()
            self._answer(screen)

    def _next_screen(self, names: Sequence[str], timeout_s: float) -> str:
        """The screen after the one that was answered. Raises `KioskTrouble` in words when none comes."""
        in_trouble = self._seen == "screen_trouble"
        if in_trouble:
            timeout_s = min(timeout_s, TROUBLE_WITHIN_S)
        try:
            if self._seen == "screen_result":
                with contextlib.suppress(KioskTrouble):
                    return self._hand.wait(*names, other_than=self._seen, timeout_s=SAME_AGAIN_AFTER_S)
                # On a machine with much else to do the screens between two results may pass unseen.
                self._seen = ""
            return self._hand.wait(*names, other_than=self._seen, timeout_s=timeout_s)
        except KioskTrouble as error:
            if in_trouble:
                raise KioskTrouble(
                    f"a device does not answer; the kiosk waits for it, see {self._hand.taken[-1]}"
                ) from error
            raise

    def _story(self, screen: str) -> str:
        if screen == "identify" and self._by_face:
            return say("chooses to be found by the face")
        if screen == "complaints" and self._complaint:
            return say("complains: {complaint}", complaint=word(self._complaint))
        return word(_STORY[screen]).format(number=self._number)

    def forget_screen(self) -> None:
        """After a restart of the kiosk, or to answer the same screen once more."""
        self._seen = ""

    def _answer(self, screen: str) -> None:
        match screen:
            case "idle":
                self._hand.click("begin")
            case "identify" if self._by_face:
                self._hand.click("search_face")
            case "identify":
                self._hand.type_number(self._number)
                self._tries += 1
                if self._tries < MOST_TRIES and self._number_is_unknown():
                    self._seen = ""
            case "employer":
                self._hand.click(f"employer_{self._employer}")
            case "confirm":
                self._hand.click("confirm_yes")
            case "consent":
                self._hand.click("consent_yes")
            case "complaints" if self._complaint:
                self._hand.click("complaints_some")
                self._hand.click(f"complaint_{self._complaint}")
                self._hand.click("complaints_done")
            case "complaints":
                self._hand.click("complaints_none")
            case "pressure":
                self._hand.click("start_measuring")
            case "result":
                self._hand.click("next", on="screen_result")
            case "try_again":
                self._hand.click("retry")
            case "summary":
                self._hand.click("summary_ok")
            case "not_today":
                self._hand.click("leave")
            case "decision":
                self._hand.click("decision_ok")
            case "resume":
                self._hand.click("resume_yes")
            case _:
                return  # the kiosk goes on by itself

    def _number_is_unknown(self) -> bool:
        """Whether the keypad says so; then the same screen is answered again."""
        return self._hand.wait("error", *[f"screen_{n}" for n in SCREENS if n != "identify"]) == "error"
