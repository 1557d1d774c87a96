"""Everything a screen may draw, as one frozen value. The service publishes a new one after each commit and each change.

`kiosk_ui.view` turns it into a screen; nothing here is text for people but names from the roster and the configuration.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from drivers.messages import DeviceStatus
from drivers.model import Value
from sync.contract.called import CalledExam
from sync.link_report import LinkCode
from terminal.books import SHIPPED, KioskBooks
from terminal.exam.model import ExamState, Stamp


@dataclass(frozen=True, slots=True)
class TerminalPlace:
    """Where this terminal stands and whom to call, from its configuration."""

    terminal_id: str
    organisation_name: str
    place: str
    help_phone: str
    medic_room: str
    generation: str
    software_version: str


@dataclass(frozen=True, slots=True)
class Ending:
    """A document of the worker that ends; said from `since` on, to the last day."""

    name: str
    since: date | None
    until: date

    def is_due(self, day: date) -> bool:
        """Whether it is to be said on that day."""
        return (self.since is None or self.since <= day) and day <= self.until


@dataclass(frozen=True, slots=True)
class WorkerCard:
    """Whom the roster names for the number; shown on the screen, never logged."""

    full_name: str
    position: str
    employer_name: str
    endings: tuple[Ending, ...] = ()
    """Soonest first."""


@dataclass(frozen=True, slots=True)
class EmploymentCard:
    """One of several employments that go by the same number; whose it is, is not said yet."""

    employer_name: str
    position: str


@dataclass(frozen=True, slots=True)
class LinkState:
    """The way to the centre. `waiting` messages have no receipt yet; `parked` ones were refused and staff must look."""

    connected: bool = False
    waiting: int = 0
    parked: int = 0
    reason: str = ""
    code: LinkCode = ""
    """Why nothing gets through; `reason` says the same in English, for the log and the service screen."""
    oldest_at: str | None = None
    """When the oldest message without a receipt was made (UTC text)."""


@dataclass(frozen=True, slots=True)
class LiveProgress:
    """What the device or the camera tells while it works (`waiting_for_forehead`, `blowing`, `closer`, ...)."""

    state: str = ""
    details: Mapping[str, Value] = field(default_factory=dict)
    since_monotonic_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Timeout:
    """When the screen goes back to idle by itself (seconds of the monotonic clock), and how long it stood in all."""

    at_monotonic_s: float
    after_s: float


@dataclass(frozen=True, slots=True)
class TerminalSnapshot:
    """State of the kiosk at `now`. `exam` is None on the idle screen."""

    place: TerminalPlace
    now: Stamp
    local_time: datetime
    exam: ExamState | None = None
    worker: WorkerCard | None = None
    employments: tuple[EmploymentCard, ...] = ()
    """Among which the worker says where they work today, in the order of the exam's `employments`."""
    is_ordered: bool = False
    """`exam` is one step that a medic in the same room has prepared, and no exam."""
    awaiting_resume: bool = False
    devices: Mapping[str, DeviceStatus] = field(default_factory=dict)
    """By device id, as configured."""
    link: LinkState = field(default_factory=LinkState)
    progress: LiveProgress = field(default_factory=LiveProgress)
    search_offered: bool = False
    """Whether a worker may be found by his face instead of a number."""
    searching: bool = False
    """Somebody stands before the camera to be found."""
    typed_steps: frozenset[str] = frozenset()
    """Steps whose instrument has no cable: what it shows is typed."""
    timeout: Timeout | None = None
    start_refusal: str = ""
    """Code of why no new exam can start (`disk_full`, `no_roster`, `store_damaged`, `verification_expired`); empty if one can."""
    refused_devices: tuple[str, ...] = ()
    """Ids of the devices that a refusal is about."""
    help_called: bool = False
    notice: str = ""
    """Code of a message that belongs to no exam, such as `store_set_aside`."""
    books: KioskBooks = SHIPPED
    """Complaints, consent and texts that the screen shows, as far as the centre sent them."""
    gate: str = ""
    """What became of the gate beside this kiosk for the exam on the screen: `opening`, `opened`, `unknown`, `failed`, or why it
    stays closed; empty where there is none."""
    account_link: str = ""
    """Where the worker on the screen may open the own records with a phone, for some minutes; empty: it is not offered."""
    called: CalledExam | None = None
    """What the centre says of the exam on the screen while it waits; None: no medic was called for it."""
    verified_until: Mapping[str, str] = field(default_factory=dict)
    """Verification date by device id, ISO, where configured."""
