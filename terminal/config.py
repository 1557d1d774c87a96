"""The terminal's configuration (`terminal.toml`), parsed once; a bad file stops the start with a list of all its faults.

Paths are relative to the file's own folder.
"""

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from drivers.config import ConfigError, DeviceConfig, faults_of
from sync.contract.exam import ExamType
from terminal.camera.film import FilmSettings
from terminal.camera.source import CameraFault, check_source
from terminal.exam.limits import LimitsBook
from terminal.exam.model import Plan, Repeat

LEAST_RESULT_S = 4.0
"""So long a value has to stand to be read, in seconds."""

LEAST_MEDIA_DAYS = 30
"""Photos and videos are kept at least so long (order 266n, item 10)."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Identity(_Section):
    """Who this terminal is."""

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

    host: str
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
    """The signed report of this terminal's health; changes are told at once."""

    every_min: Annotated[float, Field(ge=1, le=24 * 60)] = 60
    """The longest time between two reports, in minutes."""


class Service(_Section):
    """The service screen."""

    pin_hash: str = ""
    """Argon2 hash of the PIN; without one the service screen stays closed."""


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


def load_config(path: Path) -> TerminalConfig:
    """Read `terminal.toml`. Raises `ConfigError` with every fault, not only the first."""
    try:
        with path.open("rb") as file:
            fields: dict[str, Any] = tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(str(path), [str(error)]) from error
    try:
        config = TerminalConfig.model_validate(fields)
    except ValidationError as error:
        raise ConfigError(str(path), [*faults_of(error), *_camera_faults(fields)]) from error
    faults = [*_cross_faults(config), *_camera_faults(fields)]
    if faults:
        raise ConfigError(str(path), faults)
    return _with_absolute_paths(config, path.parent.resolve())


def _cross_faults(config: TerminalConfig) -> list[str]:
    """Faults that only the whole shows: unknown steps, steps without a device, double ids, limits that contradict."""
    faults = []
    try:
        steps = config.plan().steps
    except ValidationError as error:
        return [f"exam.{fault}" for fault in faults_of(error)]
    for step in steps:
        if step in ("temperature", "pressure", "breath") and config.device_for(step) is None:
            faults.append(f"exam.steps: no device measures {step}; add a [[device]] with measures = {str(step)!r}")
    if config.biometrics.search and not config.biometrics.legal_basis.strip():
        faults.append("biometrics.search: faces are searched only where biometrics.legal_basis names the legal basis")
    ids = [device.id for device in config.device]
    faults += [
        f"device.{name}: this id is used more than once" for name in sorted({i for i in ids if ids.count(i) > 1})
    ]
    for entry in config.limits.entries:
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


def _with_absolute_paths(config: TerminalConfig, folder: Path) -> TerminalConfig:
    def absolute(section: Any) -> Any:
        paths = {
            name: folder / value
            for name in type(section).model_fields
            if isinstance(value := getattr(section, name), Path)
        }
        return section.model_copy(update=paths)

    return config.model_copy(update={"files": absolute(config.files), "broker": absolute(config.broker)})
