"""The content of a screen: frozen values made of text, numbers for bars, and names of states. No colours, no sizes."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from sync.contract.exam import ExamType

StepState = Literal["done", "current", "todo", "missed"]
StepMark = Literal["", "good", "attention"]
LampState = Literal["good", "wait", "bad"]
ValueState = Literal["good", "attention", "recorded", "missing"]


@dataclass(frozen=True, slots=True)
class ViewOptions:
    """What the screens need besides the snapshot: how this kiosk is set up."""

    exam_type: ExamType = "pre_shift"
    pressure_expected_s: float = 40.0
    """Usual length of a cuff measurement in seconds, only for the words "of about 40 s"."""
    blow_expected_s: float = 5.0
    """How long to blow, in seconds; the bar is full after it."""
    forehead_distance_cm: int = 5
    """How far the forehead is from the thermometer: three fingers, as drawn."""
    result_is_private_after_s: float = 15.0
    """A refusal's details leave the screen after so many seconds, so that the queue behind does not read them."""


@dataclass(frozen=True, slots=True)
class StepLine:
    """One line of the list of steps."""

    name: str
    label: str
    value: str
    state: StepState
    mark: StepMark = ""
    """Of a measured value: within its limits, or for the medic to look at. That the step is done is `state`'s to say."""


@dataclass(frozen=True, slots=True)
class LampView:
    """One device, in words beside its sign."""

    device_id: str
    label: str
    word: str
    state: LampState


@dataclass(frozen=True, slots=True)
class LinkView:
    """The way to the medic."""

    text: str
    short: str
    staff: str
    """For whoever looks after the terminal; empty when there is nothing to look after."""
    state: LampState


@dataclass(frozen=True, slots=True)
class ValueView:
    """One value, ready to be read: number with the language's decimal sign, unit, and what is made of it."""

    name: Literal["pressure", "pulse", "temperature", "alcohol"]
    label: str
    number: str
    unit: str
    word: str
    state: ValueState


@dataclass(frozen=True, slots=True)
class FactView:
    """A label and what stands beside it."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class PageView:
    """The content of one screen. Every field is always there, so that a screen never draws a thing that is missing."""

    screen: str
    title: str
    text: str = ""
    note: str = ""
    """A line that asks for attention."""
    error: str = ""
    state: str = ""
    """Variant of the screen: `ready`, `warming`, `blowing`, `admitted`, ..."""
    lines: tuple[str, ...] = ()
    facts: tuple[FactView, ...] = ()
    values: tuple[ValueView, ...] = ()
    picture: str = ""
    """A QR code to be read with a phone, as a data address of a PNG; empty: none."""
    code: str = ""
    """For the service engineer, in small print."""
    sign: str = ""
    """Name of the sign beside the note, where it depends on what is said."""
    buttons: Mapping[str, str] = field(default_factory=dict)
    """Text by object name; what is not in here is not on the screen."""


@dataclass(frozen=True, slots=True)
class LiveView:
    """What moves while a screen stands."""

    clock: str
    date: str
    exam_elapsed: str = ""
    progress_text: str = ""
    fraction: float = -1.0
    """How full the bar is, 0 to 1; negative where there is nothing to fill."""
    number: str = ""
    unit: str = ""
    countdown: str = ""
    remaining: str = ""


@dataclass(frozen=True, slots=True)
class HelpView:
    title: str
    lead: str
    text: str
    room: str
    phone: str
    organisation: str
    called: str


@dataclass(frozen=True, slots=True)
class ScreenView:
    """One whole screen."""

    screen: str
    language: str
    place: str
    exam_title: str
    band: str
    """The band over everything that is not real; empty in real work."""
    page: PageView
    live: LiveView
    steps: tuple[StepLine, ...]
    lamps: tuple[LampView, ...]
    link: LinkView
    recording: str
    """Says that the camera films; empty while it does not."""
    help: HelpView
    labels: Mapping[str, str]
    """Texts that are the same on every screen, by name."""
    complaints: tuple[FactView, ...]
    """Complaints to choose from: code and words."""
    keyboard: tuple[str, ...]
    in_exam: bool


def as_plain(view: object) -> dict[str, Any]:
    """The dict that QML reads: tuples become lists, mappings dicts."""
    return {name: _plain(value) for name, value in asdict(view).items()}  # type: ignore[call-overload]


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    return value
