"""The terminal's configuration (`terminal.toml`), parsed once; a bad file stops the start with a list of all its faults.

Paths are relative to the file's own folder.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError

from drivers.config import ConfigError, DeviceConfig
from drivers.config_faults import faults_of, words_of
from sync.contract.books import FILM_TERMINAL, LEAST_DAYS
from sync.contract.exam import ExamType
from sync.contract.limits import LimitsBook
from terminal.camera.address import check_source
from terminal.camera.film import FilmSettings
from terminal.camera.source import CameraFault
from terminal.config_faults import partly
from terminal.exam.model import Plan, Repeat

LEAST_RESULT_S = 4.0
"""So long a value has to stand to be read, in seconds."""

_ARGON2 = re.compile(r"\$argon2(id|i|d)\$v=19\$m=\d{1,7},t=\d{1,3},p=\d{1,2}\$[A-Za-z0-9+/]{11,}\$[A-Za-z0-9+/]{16,}")

LEAST_MEDIA_DAYS = LEAST_DAYS[FILM_TERMINAL]
"""Photos and videos are kept at least so long (order 266n, item 10)."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Identity(_Section):
    """The identity of this terminal."""

    terminal_id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
    org: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
    organisation_name: str
    place: str
    help_phone: str
    medic_room: str
    generation: Literal["real", "demo", "test"]


class Files(_Section):
    """Where the store, the keys and the pinned trust live."""

    store: Path
    master_key: Path
    media: Path
    signing_key: Path
    centre_key: Path
    """The centre's public Ed25519 key (PEM): receipts and messages are checked with it."""
    trust_anchor: Path
    """Root certificate (PEM) that medics' certificates must lead to."""
    medic_roots: Path | None = None
    """Roots (PEM) of other authorities for medics who sign by ГОСТ Р 34.10-2012; needs libengine-gost-openssl."""
    snils_key: Path | None = None
    """Key for the keyed hash of SNILS, when workers may identify by it."""


class Broker(_Section):
    """The MQTT broker and the client certificate."""

    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65535)]
    ca_file: Path
    cert_file: Path
    key_file: Path
    in_process: bool = True
    """Whether this process runs the sync thread itself; under systemd `dopusk terminal sync` does."""


class Exam(_Section):
    """Order and rules of the steps."""

    type: ExamType = "pre_shift"
    steps: tuple[str, ...] = Plan().model_dump()["steps"]
    repeats: dict[str, Repeat] = {}
    most_failures: Annotated[int, Field(ge=1, le=10)] = 3
    show_result_s: Annotated[float, Field(ge=0, le=30)] = LEAST_RESULT_S
    """How long a value within its limits is shown. In real work never less than `LEAST_RESULT_S`."""
    urgent_complaints: tuple[str, ...] = ("chest_pain", "breathless", "injury", "fever")
    """Codes of complaints that call a medic at once and lead the medic's queue."""
    consent_version: str = "2026-2"


class Timeouts(_Section):
    """Seconds without a touch until the screen goes back to idle."""

    asking_s: Annotated[float, Field(gt=0)] = 60
    measuring_s: Annotated[float, Field(gt=0)] = 180
    waiting_s: Annotated[float, Field(gt=0)] = 300
    decided_s: Annotated[float, Field(gt=0)] = 20
    resume_s: Annotated[float, Field(gt=0)] = 120


class Camera(_Section):
    """`source` is `device:/dev/video0`, `file:PATH` or an `http://` MJPEG address; empty means no camera."""

    source: str = ""
    photo_within_s: Annotated[float, Field(gt=0)] = 15


class Film(FilmSettings):
    """The film of the exam; begins with the worker's consent and ends with the last measurement."""

    enabled: bool = True
    registered_consent: bool = False
    """Film only workers whose consent of kind `video` is in the centre's register; otherwise the one at the kiosk is enough."""
    least_free_mb: Annotated[int, Field(ge=300)] = 1000
    """Free space on the disk of the media, in 10⁶ bytes, below which nothing is filmed. Exams need far less and go on."""


class Media(_Section):
    """Photos, stills and films on this terminal."""

    keep_days: Annotated[int, Field(ge=LEAST_MEDIA_DAYS)] = LEAST_MEDIA_DAYS
    """`dopusk terminal tidy` deletes a file after so many days, and never before the centre's receipt."""


class Metrics(_Section):
    """Figures of the sync side for Prometheus, on the loopback only."""

    port: Annotated[int, Field(ge=1, le=65535)] | None = None


class Biometrics(_Section):
    """Face matching is off until the configuration names the legal basis."""

    legal_basis: str = ""
    liveness: bool = False
    """Ask for random turns of the head after the photo; costs some seconds per exam, and nothing biometric is kept."""
    engine: Literal["dlib", "sface"] = "dlib"
    """What computes the numbers of a face. With another one every worker's photo is asked for again."""
    search: bool = False
    """Offer "look at the camera" beside number and card; the worker confirms a hit. For sites of some dozens of workers."""


class Health(_Section):
    """The signed report of this terminal's health; a change is told at once, at most once a minute."""

    every_min: Annotated[float, Field(ge=1, le=24 * 60)] = 60
    """The longest time between two reports, in minutes."""


class Service(_Section):
    """The service screen."""

    pin_hash: str = ""
    """Argon2 hash of the PIN, as `dopusk terminal pin` makes it; without one the service screen stays closed."""

    @field_validator("pin_hash")
    @classmethod
    def _is_argon2(cls, text: str) -> str:
        if text and not _ARGON2.fullmatch(text):
            # The value is not said: somebody may have entered the PIN itself.
            raise PydanticCustomError("pin_hash", "no Argon2 hash; make one with `dopusk terminal pin`")
        return text


class Gate(_Section):
    """The relay that opens the gate beside the kiosk, for the way in alone; without this section nothing is opened."""

    profile: Annotated[str, Field(min_length=1)]
    """Name of a board that ships (`drivers/relays`), or the path of a site's own file."""
    port: Annotated[str, Field(min_length=1)]
    """A line of its own: a device on it would wait for the relay, and the relay for the device (ADR 0227)."""
    unit: Annotated[int, Field(ge=1, le=255)] = 1
    relay: Annotated[int, Field(ge=1, le=32)] = 1
    """Counted from 1, as on the board."""
    pulse_s: Annotated[float, Field(ge=0.1, le=10)] = 2.0
    within_s: Annotated[float, Field(gt=0, le=30)] = 5.0
    """An opening that could not begin so long after the decision came is not begun any more."""
    exit_and_fire_release_are_apart: Literal[True]
    """Whoever wired it says so: the way out and the release by the fire alarm work without this relay."""


class TerminalConfig(_Section):
    """Everything that a terminal must know before it starts."""

    version: str
    identity: Identity
    files: Files
    broker: Broker
    exam: Exam = Exam()
    timeouts: Timeouts = Timeouts()
    camera: Camera = Camera()
    film: Film = Film()
    media: Media = Media()
    biometrics: Biometrics = Biometrics()
    service: Service = Service()
    metrics: Metrics = Metrics()
    health: Health = Health()
    gate: Gate | None = None
    limits: LimitsBook
    device: tuple[DeviceConfig, ...] = ()

    def plan(self) -> Plan:
        """The plan that a new exam starts with. Raises `ValueError` for a step that does not exist."""
        least_result_s = LEAST_RESULT_S if self.identity.generation == "real" else 0.0
        return Plan.model_validate(
            {
                "steps": self.exam.steps,
                "repeats": self.exam.repeats,
                "urgent_complaints": self.exam.urgent_complaints,
                "most_failures": self.exam.most_failures,
                "show_result_s": max(least_result_s, self.exam.show_result_s),
                "rules_version": self.limits.version,
            }
        )

    def device_for(self, step: str) -> DeviceConfig | None:
        """The configured device that measures a step."""
        return next((device for device in self.device if device.measures == step), None)


VERIFICATION_WARNING = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ReadConfig:
    """A file as far as it can be read. `config` is None where there are faults; `sections` are those that are right alone.

    Paths in `config` and in `sections` are absolute.
    """

    config: TerminalConfig | None
    sections: Mapping[str, Any]
    faults: tuple[str, ...]


def read_config(path: Path) -> ReadConfig:
    """Read `terminal.toml` and find every fault that shows without opening any other file. Never raises `ConfigError`."""
    try:
        fields: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return ReadConfig(None, {}, (str(error),))
    if not fields:
        return ReadConfig(None, {}, ("the file is empty",))
    config, faults = None, []
    try:
        config = TerminalConfig.model_validate(fields)
    except ValidationError as error:
        faults = words_of(error, TerminalConfig)
    sections = _sections_of(fields)
    faults += [*_cross_faults(sections), *_camera_faults(fields)]
    folder = path.parent.resolve()
    sections |= {name: _absolute(sections[name], folder) for name in ("files", "broker") if name in sections}
    if config is None or faults:
        return ReadConfig(None, sections, tuple(faults))
    paths = {"files": sections["files"], "broker": sections["broker"]}
    return ReadConfig(config.model_copy(update=paths), sections, ())


def load_config(path: Path) -> TerminalConfig:
    """Read `terminal.toml`. Raises `ConfigError` with every fault, not only the first."""
    read = read_config(path)
    if read.config is None:
        raise ConfigError(str(path), list(read.faults))
    return read.config


def _sections_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Sections that are right by themselves; of the devices each that is."""
    sections = partly(TerminalConfig, fields)
    devices = fields.get("device", ())
    found: list[DeviceConfig] = []
    for device in devices if isinstance(devices, list) else ():
        with suppress(ValidationError):
            found.append(DeviceConfig.model_validate(device))
    sections["device"] = tuple(found)
    sections["measured"] = {one.get("measures") for one in devices if isinstance(one, dict)}
    return sections


def _cross_faults(sections: Mapping[str, Any]) -> list[str]:
    """Faults that only the whole shows: unknown steps, steps without a device, double ids, a shared line, wrong limits."""
    faults = []
    exam, biometrics, limits = (sections.get(name) for name in ("exam", "biometrics", "limits"))
    if exam is not None:
        try:
            steps = Plan.model_validate({"steps": exam.steps, "repeats": exam.repeats}).steps
        except ValidationError as error:
            steps = ()
            faults += [f"exam.{fault}" for fault in faults_of(error)]
        for step in steps:
            if step in ("temperature", "pressure", "breath") and step not in sections["measured"]:
                faults.append(f"exam.steps: no device measures {step}; add a [[device]] with measures = {str(step)!r}")
    if biometrics is not None and biometrics.search and not biometrics.legal_basis.strip():
        faults.append("biometrics.search: faces are searched only where biometrics.legal_basis names the legal basis")
    ids = [device.id for device in sections["device"]]
    faults += [
        f"device.{name}: this id is used more than once" for name in sorted({i for i in ids if ids.count(i) > 1})
    ]
    if (gate := sections.get("gate")) is not None:
        line = os.path.realpath(gate.port)
        faults += [
            f"gate.port: the relay needs a line of its own, and device {device.id} is on it; give the relay another port"
            for device in sections["device"]
            if os.path.realpath(device.port) == line
        ]
    for entry in limits.entries if limits is not None else ():
        if entry.low is not None and entry.high is not None and entry.low > entry.high:
            faults.append(f"limits.entries.{entry.parameter}: low {entry.low} is above high {entry.high}")
    return faults


def _camera_faults(fields: dict[str, Any]) -> list[str]:
    """An address that names no camera. Not a rule of the section: its message would show the address with its password."""
    camera = fields.get("camera")
    source = camera.get("source") if isinstance(camera, dict) else None
    if not isinstance(source, str) or not source:
        return []
    try:
        check_source(source)
    except CameraFault as fault:
        return [f"camera.source: {fault}"]
    return []


def _absolute(section: Any, folder: Path) -> Any:
    paths = {
        name: folder / value for name in type(section).model_fields if isinstance(value := getattr(section, name), Path)
    }
    return section.model_copy(update=paths)
