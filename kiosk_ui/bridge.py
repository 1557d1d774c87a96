"""Connects the core thread and the screens: snapshots come in, intents go out. The Qt thread never waits for anything."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Property, QObject, Qt, QTimer, Signal, Slot

from kiosk_ui.buttons import intent_of
from kiosk_ui.sections import DraftSection, Sections
from kiosk_ui.service_door import ServiceDoor
from kiosk_ui.settings import KioskSettings
from kiosk_ui.texts import LANGUAGES, texts_of
from kiosk_ui.touch_guard import TouchGuard
from kiosk_ui.view import Draft, ScreenView, advanced, view_of
from kiosk_ui.view.draft import pressed, with_value
from kiosk_ui.view.sounds import Tone, tone_between
from sync.thread_faults import note_fault
from terminal.clock import boot_id
from terminal.intents import EnterValues, Intent, PresentCard, Touch
from terminal.snapshot import TerminalSnapshot
from terminal.touched import Touched, shown_of
from terminal.typed_entry import MAY_STAY_EMPTY, TYPED_FIELDS

log = logging.getLogger(__name__)

TICK_MS = 1000
"""Clocks go on between snapshots; at idle only the text that changed is drawn again."""
FILLING_TICK_MS = 200
"""While a bar fills."""


class Bridge(QObject):
    """`publish` takes snapshots from any thread; QML reads `view` and `draft` and calls `press` with a button's name."""

    _arrived = Signal(object)
    _pin_checked = Signal(bool)
    pin_error_changed = Signal()
    ready_changed = Signal()
    tone = Signal(str)
    screen_shown = Signal(str)
    """Another screen stands now; its name."""
    refreshed = Signal()
    """The view was made anew, by a snapshot, a touch or the clock."""

    def __init__(
        self, post: Callable[[Intent | Touched], None], settings: KioskSettings, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._post, self._settings = post, settings
        self._sections, self._draft_section = Sections(self), DraftSection(self)
        self._language = settings.language
        self._draft = Draft()
        self._sent_number = ""
        self._snapshot: TerminalSnapshot | None = None
        self._arrived_s = 0.0
        self.screen_view: ScreenView | None = None
        self._guard = TouchGuard(settings.touch_guard_s)
        self._door = ServiceDoor(settings.pin_tries, boot_id())
        self._may_close = settings.closable
        self._pin_error = ""
        self._in_service = False
        self._touched_s = 0.0
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(self._refresh)
        self._arrived.connect(self._take, Qt.ConnectionType.QueuedConnection)
        self._pin_checked.connect(self._pin_answered, Qt.ConnectionType.QueuedConnection)

    def publish(self, snapshot: TerminalSnapshot) -> None:
        """Show this state. Returns at once; safe from any thread."""
        self._arrived.emit(snapshot)

    @Slot(str)
    def press(self, name: str) -> None:
        """A touch on the button of that object name."""
        self._touched_s = time.monotonic()
        if not self._guard.may_press(self._touched_s):
            self._post(Touch())
            return
        match name:
            case "language":
                self._language = LANGUAGES[(LANGUAGES.index(self._language) + 1) % len(LANGUAGES)]
                self._post(Touch())
            case "service_enter":
                self._try_pin()
            case "values_ok":
                self._enter_value()
            case "service_close":
                self._in_service = False
            case _:
                self._press(name)
        self._refresh()

    @Slot()
    def drawn(self) -> None:
        """A frame is on the glass."""
        self._guard.drawn(time.monotonic())

    @property
    def takes_answers(self) -> bool:
        """Whether a press on a button of the screen that stands now would count."""
        return self._guard.may_answer(time.monotonic())

    @Slot()
    def touched(self) -> None:
        """A touch beside all buttons: the person is still there."""
        self._post(Touch())

    def card_read(self, text: str) -> None:
        """A card or a QR code was read by a reader that types like a keyboard; what it typed is no number."""
        if self.screen_view is not None and self.screen_view.screen in ("idle", "identify"):
            self._draft = replace(self._draft, typed="")
            self._post(PresentCard(text))
            self._refresh()

    def key_typed(self, name: str) -> None:
        """A key of a real keyboard that stands for the keypad's button of that name."""
        if self._draft.sheet == "service":
            self.press("service_enter" if name == "number_ok" else name)
        elif self.screen_view is not None and self.screen_view.screen == "typed" and not self._draft.sheet:
            self.press("values_ok" if name == "number_ok" else name)
        elif self.screen_view is not None and self.screen_view.screen == "identify" and not self._draft.sheet:
            self.press(name)

    @property
    def shown(self) -> TerminalSnapshot | None:
        """The snapshot that the screen stands for now."""
        return self._snapshot

    def _press(self, name: str) -> None:
        intent = intent_of(name, self._draft, self._settings.view, self._language)
        if intent is not None and not self._may_answer():
            self._post(Touch())
            return
        if name == "number_ok":
            self._sent_number = self._draft.typed
        self._draft = pressed(self._draft, name)
        if name == "call_medic":
            self._draft = replace(self._draft, sheet="help")
        elif name == "service":
            self._pin_error = "" if self._settings.check_pin else texts_of(self._language)("service.pin_closed")
            self.pin_error_changed.emit()
        elif intent is not None:
            self._draft = replace(self._draft, sheet="")
        self._tell(intent or Touch())

    def _enter_value(self) -> None:
        """One more value of an instrument without a cable; the last one sends them all."""
        exam = self._snapshot.exam if self._snapshot else None
        fields = TYPED_FIELDS.get(str(exam.phase), ()) if exam is not None else ()
        draft, values = with_value(self._draft, fields, MAY_STAY_EMPTY) if fields else (self._draft, None)
        if values is None or self._may_answer():
            self._draft = draft
        self._tell(EnterValues(values) if values is not None and draft is self._draft else Touch())

    def _tell(self, intent: Intent) -> None:
        """What was touched counts for the screen that it was touched on."""
        shown = self._snapshot
        exam, resume = (shown.exam, shown.awaiting_resume) if shown is not None else (None, False)
        self._post(Touched(intent, shown_of(exam, awaiting_resume=resume)))

    def _may_answer(self) -> bool:
        now_s = time.monotonic()
        if not self._guard.may_answer(now_s):
            return False
        self._guard.answered(now_s)
        return True

    def _take(self, snapshot: TerminalSnapshot) -> None:
        before, self._snapshot = self._snapshot, snapshot
        self._arrived_s = time.monotonic()
        self._forget_draft(before, snapshot)
        self._refresh()

    def _forget_draft(self, before: TerminalSnapshot | None, after: TerminalSnapshot) -> None:
        """What one person typed is never shown to the next, nor on another step."""
        old, new = before.exam if before else None, after.exam
        if old is None or new is None or old.exam_id != new.exam_id:
            if old is not new:
                self._draft, self._sent_number = Draft(), ""
            if new is None and old is not None:
                self._language = self._settings.language
        elif old.phase is not new.phase:
            self._draft = Draft()
        elif old.identification_attempts != new.identification_attempts:
            self._draft = replace(self._draft, typed="")
        elif old.activity is not new.activity:
            self._draft = replace(self._draft, sheet="")
        if new is not None:
            self._in_service = False

    def _leave_lonely_sheet(self) -> None:
        """An exam has its own time-out; without one nobody else would close what is open."""
        lonely = time.monotonic() - self._touched_s > self._settings.lonely_s
        if lonely and self._snapshot is not None and self._snapshot.exam is None:
            self._in_service = False
            self._draft = Draft()
            self._language = self._settings.language

    def _refresh(self) -> None:
        self._leave_lonely_sheet()
        self._draft_section.show(self._draft)
        if self._snapshot is None:
            return
        view = view_of(
            advanced(self._snapshot, time.monotonic() - self._arrived_s),
            self._language,
            self._settings.view,
            service=self._settings.service_facts() if self._in_service else None,
            sent_number=self._sent_number,
        )
        before, self.screen_view = self.screen_view, view
        self._sections.show(view)
        self._guard.shown(self._to_press(view), time.monotonic())
        if before is None:
            self.ready_changed.emit()
        self._timer.start(FILLING_TICK_MS if view.live.fraction >= 0 else TICK_MS)
        tone: Tone | None = tone_between(before, view)
        if tone is not None:
            self.tone.emit(tone)
        if before is None or before.screen != view.screen:
            self.screen_shown.emit(view.screen)
        self.refreshed.emit()

    def _to_press(self, view: ScreenView) -> tuple[object, ...]:
        """What tells one set of buttons from another: another attempt is another screen, a hint or a clock is not."""
        exam = self._snapshot.exam if self._snapshot else None
        try_of = (exam.exam_id, exam.phase, exam.activity, exam.attempt, exam.identification_attempts) if exam else ()
        return (
            view.screen,
            self._draft.sheet,
            len(self._draft.entered),
            self._draft.page,
            frozenset(view.page.buttons),
            *try_of,
        )

    def _try_pin(self) -> None:
        """The hash is computed beside the Qt thread."""
        pin, self._draft = self._draft.pin, replace(self._draft, pin="")
        check = self._settings.check_pin
        if check is None or not pin:
            return
        now_s = time.monotonic()
        if locked_s := self._door.locked_for_s(now_s):
            self._tell_pin("service.pin_locked", minutes=int(locked_s // 60) + 1)
        elif self._door.begin(now_s):
            threading.Thread(target=self._look_at_pin, args=(check, pin), name="service-pin", daemon=True).start()

    def _look_at_pin(self, check: Callable[[str], bool], pin: str) -> None:
        """Whatever the check stumbles over, a touch on the service screen ends no kiosk."""
        try:
            right = check(pin)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is told and the kiosk goes on
            note_fault("service-pin", "check of the PIN", error)
            right = False
        self._pin_checked.emit(right)

    def _pin_answered(self, right: bool) -> None:
        self._door.tried(right=right, now_s=time.monotonic())
        if right:
            self._in_service = True
            self._draft = Draft()
            self._pin_error = ""
            self.pin_error_changed.emit()
        else:
            log.warning("wrong PIN on the service screen")
            self._tell_pin("service.pin_wrong")
        self._refresh()

    def _tell_pin(self, key: str, **names: object) -> None:
        self._pin_error = texts_of(self._language)(key, **names)
        self.pin_error_changed.emit()

    def let_close(self) -> None:
        """The program itself takes the window down."""
        self._may_close = True

    may_close = Property(bool, lambda self: self._may_close, notify=ready_changed)
    ready = Property(bool, lambda self: self.screen_view is not None, notify=ready_changed)
    view = Property(QObject, lambda self: self._sections, constant=True)
    draft = Property(QObject, lambda self: self._draft_section, constant=True)
    pin_error = Property(str, lambda self: self._pin_error, notify=pin_error_changed)
