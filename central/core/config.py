"""The configuration of the central module (`central.toml`), parsed once into frozen values; all faults are listed together."""

import tomllib
from datetime import date, time
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator

from central.core.account_config import AccountsConfig
from central.core.config_faults import words_of
from central.core.config_section import Port, Section
from central.core.gate_config import GatesConfig
from central.core.login_config import LoginConfig, SignerConfig
from central.core.partner_config import PartnersConfig
from central.core.personal_config import PersonalConfig
from central.core.store_urls import SQLITE, sqlite_file, sqlite_url
from central.core.waybill_config import WaybillsConfig

Generation = Literal["real", "demo", "test"]


class ConfigError(Exception):
    """A configuration that must not start. `faults` lists every fault as `place: what is wrong`."""

    def __init__(self, path: str, faults: list[str]) -> None:
        super().__init__(f"{path}: " + "; ".join(faults))
        self.path = path
        self.faults = faults


class MqttConfig(Section):
    """The broker. `public_host` and `public_port` are what terminals are told at enrolment, where they differ."""

    host: str
    port: Port
    """Where terminals come in."""
    centre_host: str | None = None
    """Where the centre's own processes find the broker, where it is not `host`."""
    centre_port: Port | None = None
    """The listener of the centre's own processes; the port after `port` without it."""
    mount_point: Annotated[str, Field(pattern=r"^([A-Za-z0-9_-]+/)?$")] = "terminals/"
    """Below what the broker keeps everything of the terminals, as in its configuration; empty for a broker that knows who may
    subscribe to what."""
    ca_file: Path
    cert_file: Path
    key_file: Path
    share_group: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")] = "centre"
    public_host: str | None = None
    public_port: Port | None = None

    @property
    def own_host(self) -> str:
        """The host that the centre's processes connect to."""
        return self.centre_host or self.host

    @property
    def own_port(self) -> int:
        """Where the centre's processes connect."""
        return self.centre_port or self.port + 1


class HttpConfig(Section):
    """Where the console listens, and the address under which people open it."""

    host: str = "127.0.0.1"
    port: Port = 8080
    public_url: str
    host_names: tuple[str, ...] = ()
    """Further names under which people and programs reach it; requests under a foreign name are led to `public_url`."""
    metrics_port: Port | None = None
    """Prometheus on the loopback; none without it. `ingest.metrics_port` is the same for the ingest worker."""


class KeysConfig(Section):
    """Files with secrets; each is readable by the service's user only."""

    centre_signing_key_file: Path
    """Ed25519 private key, PEM: signs receipts, decisions' envelopes, rosters."""
    authority_dir: Path
    """The small certificate authority: `ca.pem`, `ca.key`, `crl.pem`."""
    session_secret_file: Path
    snils_key_file: Path
    """32 random bytes or more: keys of the SNILS hash and of its encryption."""
    pkcs11_library: Path | None = None
    """Library of the medics' tokens; needed only where the register names keys on tokens."""


class IngestConfig(Section):
    """How ingest batches. A batch takes what has come, waits `linger_s` from its first message for more, and then closes."""

    batch_messages: Annotated[int, Field(ge=1, le=1000)] = 500
    linger_s: Annotated[float, Field(ge=0, le=1)] = 0.005
    future_tolerance_s: Annotated[float, Field(ge=0)] = 86_400.0
    """A message of a *trusted* clock that lies further in the future than this is refused."""
    gap_grace_s: Annotated[float, Field(ge=0)] = 120.0
    """How long a message may be missing before the gap is recorded: media come behind exams."""
    media_mib_per_hour: Annotated[int, Field(ge=1, le=1_000_000)] = 1024
    """Photos and film that one terminal may bring within an hour, to one worker; eight times as much at once after it was away.
    More is put off, not refused."""
    media_reserve_mib: Annotated[int, Field(ge=0, le=1_000_000)] = 512
    """Room that media leave on their disk: records go on when film has filled the rest."""
    metrics_port: Port | None = None


class NoticesConfig(Section):
    """How employers are told by mail. Without `smtp_host` no mail leaves; webhooks need nothing here."""

    smtp_host: str | None = None
    smtp_port: Port = 25
    smtp_starttls: bool = True
    """Where `smtp_tls` says nothing: False is `none`."""
    smtp_tls: Literal["implicit", "starttls", "none"] | None = None
    """`implicit` is TLS from the first byte (port 465), `starttls` begins in clear and turns to TLS. Both check the certificate."""
    smtp_ca_file: Path | None = None
    """Authorities that the mail server's certificate must lead to, PEM; without it those of the machine."""
    smtp_user: str | None = None
    smtp_password_file: Path | None = None
    """One line; readable by the service's user only."""
    sender: str = "dopusk@localhost"
    gateway_link: Annotated[str, Field(pattern=r"^https?://[^\s]+$", max_length=300)] | None = None
    """Opens channels of the kind `gateway`, an HTTP gateway to any messenger: it is told that something is new, and this address of
    the console, where people log in. Without it there is no such channel."""

    @property
    def tls(self) -> Literal["implicit", "starttls", "none"]:
        """How the connection to the mail server is protected."""
        return self.smtp_tls or ("starttls" if self.smtp_starttls else "none")

    @field_validator("sender")
    @classmethod
    def _one_mailbox(cls, value: str) -> str:
        # The HTTP library comes with the rules, and only who sends mail shall wait for it.
        from central.egress.rules import mailbox

        mailbox(value)
        return value

    @model_validator(mode="after")
    def _check_login(self) -> Self:
        if (self.smtp_user is None) != (self.smtp_password_file is None):
            raise ValueError("smtp_user and smtp_password_file belong together")
        if self.smtp_user is not None and self.tls == "none":
            raise ValueError("a password does not travel in clear: set smtp_tls to implicit or starttls")
        return self


class OutgoingConfig(Section):
    """Whom an address that was typed in the console may lead to. The servers named in this file are open wherever they stand."""

    allowed_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    """Private and local networks with webhooks of yours, for example `10.20.0.0/16`; without it only public addresses are asked."""
    plain_http: bool = False
    """Whether webhooks may do without TLS."""


ADMISSION_VALID_HOURS = 12.0
"""Where the configuration says nothing. No act names a term: each medical organisation sets its own."""


BREATH_EXAMINATION_MG_PER_L = 0.16
"""Where the configuration says nothing: 933n, item 11."""


class DecisionsConfig(Section):
    """The organisation's own rules of decisions. What was decided keeps the term it was decided with."""

    admission_valid_hours: Annotated[float, Field(gt=0, le=24)] = ADMISSION_VALID_HOURS
    """How long after the measurements an admission may be given and holds."""
    mid_level_finds_signs: bool = False
    """Whether a medic of secondary education (feldsher, nurse) may conclude that signs are present. Without it she sends the worker
    to a doctor, who is not admitted either."""
    breath_examination_mg_per_l: Annotated[float, Field(ge=0, le=2)] = BREATH_EXAMINATION_MG_PER_L
    """Above this breath counts at a medical examination for intoxication. The limit of admission is another one, among the limits:
    what stops a shift need not be confirmed there."""


class GroundsConfig(Section):
    """What other registers say of a worker. Nothing of it decides by itself: the medic sees it."""

    toxicology_valid_days: Annotated[int, Field(gt=0, le=366)] = 183
    """How long a chemical-toxicological study counts; remote exams need two a year (resolution 866)."""


class RoomConfig(Section):
    """Exams in a medical room: what they need, and how long things wait. The medical organisation's own rules."""

    steps: tuple[Literal["temperature", "pressure", "breath"], ...] = ("temperature", "pressure", "breath")
    """Without these the rules call an exam incomplete."""
    draft_hours: Annotated[float, Field(gt=0, le=24)] = 4.0
    """So long after its last change an exam that nobody recorded ends as unfinished, with what was entered."""
    most_repeats: Annotated[int, Field(ge=0, le=5)] = 2
    """How often one measurement may be repeated within an exam."""
    pressure_rest_min: Annotated[float, Field(ge=0, le=120)] = 20.0
    """Rest before pressure is measured again."""
    order_min: Annotated[float, Field(gt=0, le=60)] = 5.0
    """So long a measurement that a medic prepared waits for a touch at the terminal."""
    breath_rest_min: Annotated[float, Field(ge=0, le=120)] = 15.0
    """Pause before the second breath."""


class DutyConfig(Section):
    """When medics on duty are rung."""

    ring_after_s: Annotated[int, Field(ge=10, le=3600)] = 180
    """Seconds that an exam waits unopened before the first medic on the roster is rung, and each next one."""


class RegistersConfig(Section):
    """How long an entry of the federal registers counts after it was seen there."""

    frmr_valid_days: Annotated[int, Field(ge=1, le=36500)] = 30
    """Nobody signs whose entry in the federal register of medical staff (ФРМР) was seen longer ago."""


class EmployersConfig(Section):
    """What HR departments of employers may do by themselves."""

    confirm_changes: bool = False
    """Whether a change of the workforce waits for a senior medic; otherwise it takes effect at once."""


class RatesConfig(Section):
    """How often one caller may knock, per minute and per process; as many at once as in one minute."""

    sign_in_per_minute: Annotated[int, Field(ge=1, le=100_000)] = 60
    """Logins from one address. An office behind one address signs in together in the morning."""
    check_per_minute: Annotated[int, Field(ge=1, le=100_000)] = 60
    """Looks at the public page behind a paper's QR code, from one address."""
    api_per_minute: Annotated[int, Field(ge=1, le=1_000_000)] = 600
    """Calls with one API key."""
    api_failures_per_minute: Annotated[int, Field(ge=1, le=100_000)] = 30
    """Calls without a key that works, from one address."""
    enrol_failures_per_minute: Annotated[int, Field(ge=1, le=100_000)] = 30
    """Enrolments and renewals with a wrong proof, from one address. Right ones are never held up."""


class VigilanceConfig(Section):
    """When an administrator is told of what accounts and programs do."""

    export_rows_per_hour: Annotated[int, Field(ge=1)] = 5000
    """More rows exported by one account or program within an hour are a mass export."""
    exam_reads_per_hour: Annotated[int, Field(ge=1)] = 300
    """More examinations opened by one account within an hour; a medic at work decides about a hundred."""
    night_from: time = time(22)
    night_until: time = time(4)
    """Between these hours an export or a change of accounts is told."""
    zone: str | None = None
    """Zone of the night, for example `Europe/Moscow`; without it that of the machine."""

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        if value is not None and value not in available_timezones():
            raise ValueError(f"{value!r} is not a name of the time zone database")
        return value


class AlgorithmTerm(Section):
    """How long an algorithm of time stamps counts, where that is otherwise than in the list that ships."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")]
    kind: Literal["digest", "key"]
    until: date | None = None
    """The last day on which it counts."""
    basis: Annotated[str, Field(min_length=1, max_length=300)]
    """Who says so."""


class TimestampConfig(Section):
    """The time-stamping authority (RFC 3161) that confirms when a decision was signed."""

    url: Annotated[str, Field(pattern=r"^https?://")]
    ca_file: Path
    """Roots that its certificate must lead to, PEM."""
    required: bool = False
    """Without an answer: True refuses the signature, False signs without a stamp and says so."""
    timeout_s: Annotated[float, Field(gt=0, le=10)] = 3.0
    """Term of a whole answer, in seconds: the medic waits for it, and the worker at the kiosk with him."""
    max_skew_s: Annotated[float, Field(gt=0, le=3600)] = 300.0
    """How far its time may be from the centre's own."""
    renew_before_days: Annotated[int, Field(ge=1, le=3650)] = 60
    """A stamp is renewed so long before it, its authority's certificate or its algorithm ends."""
    algorithms: tuple[AlgorithmTerm, ...] = ()


class CentralConfig(Section):
    """The whole configuration. Relative paths are relative to the folder of the file."""

    store_url: str
    """SQLAlchemy URL: `sqlite:///central.db` or `postgresql+psycopg://user@host/name`."""
    media_dir: Path
    generation: Generation
    """A `demo` or `test` centre never accepts real records, and a `real` one nothing else."""
    mqtt: MqttConfig
    http: HttpConfig
    keys: KeysConfig
    ingest: IngestConfig = IngestConfig()
    notices: NoticesConfig = NoticesConfig()
    outgoing: OutgoingConfig = OutgoingConfig()
    decisions: DecisionsConfig = DecisionsConfig()
    grounds: GroundsConfig = GroundsConfig()
    room: RoomConfig = RoomConfig()
    duty: DutyConfig = DutyConfig()
    registers: RegistersConfig = RegistersConfig()
    employers: EmployersConfig = EmployersConfig()
    accounts: AccountsConfig = AccountsConfig()
    rates: RatesConfig = RatesConfig()
    vigilance: VigilanceConfig = VigilanceConfig()
    timestamp: TimestampConfig | None = None
    login: LoginConfig = LoginConfig()
    signer: SignerConfig = SignerConfig()
    waybills: WaybillsConfig = WaybillsConfig()
    gates: GatesConfig = GatesConfig()
    partners: PartnersConfig = PartnersConfig()
    personal: PersonalConfig = PersonalConfig()

    @property
    def jobs_folder(self) -> Path:
        """Where exports wait for their download and uploads for their import: beside the media, never among them."""
        return self.media_dir.with_name(self.media_dir.name + "-jobs")

    @property
    def acts_dir(self) -> Path:
        """Beside the media: acts of destruction, which outlive the restore of an older store."""
        return self.media_dir.with_name(self.media_dir.name + "-acts")

    @field_validator("store_url")
    @classmethod
    def _resolve_store(cls, value: str, info: ValidationInfo) -> str:
        if value.startswith("postgresql+psycopg://"):
            return value
        file = sqlite_file(value)
        if file is None or value == SQLITE:
            raise ValueError("must begin with sqlite:/// and name a file, or with postgresql+psycopg://")
        folder: Path = info.context["folder"] if info.context else Path()
        _refuse_misplaced(folder / file)
        return sqlite_url(folder / file)


def _refuse_misplaced(file: Path) -> None:
    """Programs before this one ended the name of the store's file at a question mark."""
    before, mark, _ = str(file).partition("?")
    if mark and not file.exists() and Path(before).is_file():
        raise ValueError(f"an older program kept this store in {before}; stop the centre and move that file to {file}")


def load_config(path: Path) -> CentralConfig:
    """Read `central.toml`. Raises `ConfigError` with all faults: syntax, unknown keys, types, missing values."""
    try:
        with path.open("rb") as file:
            values = tomllib.load(file)
        if not values:
            raise ConfigError(str(path), ["the file is empty"])
        return CentralConfig.model_validate(values, context={"folder": path.resolve().parent})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(str(path), [str(error)]) from error
    except ValidationError as error:
        raise ConfigError(str(path), words_of(error, CentralConfig)) from error
