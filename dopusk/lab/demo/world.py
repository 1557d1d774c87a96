"""The folder of the demonstration: authority, broker, centre, a registered and enrolled terminal, lines."""

import base64
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import tomli_w
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from central.authority.pki import Authority, write_secret
from central.core.clock import now_utc
from central.core.config import CentralConfig
from central.core.snils import SnilsKey
from central.keeping.installation import Choices, create_secrets, write_config
from central.link.outgoing import Outgoing, load_signing_key
from central.people.registry import Registry
from central.store import enrolments, schema, terminals
from central.store.engine import open_engine, writing
from config import EXAMPLE_TERMINAL
from dopusk.lab.broker import Broker, free_port, start_mosquitto
from dopusk.lab.broker_watch import RevocationWatch
from dopusk.lab.demo.history import Past, fill_history
from dopusk.lab.demo.sample_faces import LEGAL_BASIS, enter_consents, enter_face
from dopusk.lab.demo.sample_medic import Login, enter_medic
from dopusk.lab.demo.sample_people import ORG, enter_people, enter_second_jobs
from dopusk.lab.demo.sample_registers import instruments_at
from dopusk.lab.demo.sample_waybill import connect_operator, enter_waybill_parties
from dopusk.lab.population.filling import Population, populate
from dopusk.lab.population.plan import Plan
from simulators.bench import Bench
from simulators.camera import CameraSimulator
from simulators.gate_relay import RelayBoard
from simulators.relay_line import RelayOnLine

TERMINAL = "kiosk-01"
ORGANISATION = "Медпункт «Заря»"
EXAMPLE = EXAMPLE_TERMINAL
DEVICES = {"thermometer": "calex_pyrominibus", "tonometer": "and_tm2655", "breathalyzer": "dingo_e200"}
FOUNDED_AGO = timedelta(days=60)
"""The demo's authority is that old, so that decisions of past weeks have valid certificates."""
SCENE = "person:eileen"
"""Who stands before the simulated camera."""
SERVICE_PIN = "3917"
"""Opens the service screen of the demonstration's kiosk."""
REST_S = 60.0
"""The rest before a repeat, shortened from twenty minutes for the demonstration, in seconds at ordinary speed."""
_EMPLOYERS, _EXAMS_OF_WORKER = 6, 25
"""Of the organisations that are added."""


@dataclass
class World:
    """Everything that is not the kiosk. `close` ends it all."""

    folder: Path
    config: CentralConfig
    authority: Authority
    broker: Broker
    bench: Bench
    camera: CameraSimulator
    terminal_config: Path
    login: Login
    past: Past | None
    revocations: RevocationWatch
    waybills: Path
    """The folders of the operator of electronic waybills."""
    gate: RelayOnLine
    """The relay board of the turnstile beside the kiosk: the way in alone."""
    speed: float
    population: Population | None = None

    def close(self) -> None:
        """End devices, camera and broker."""
        self.revocations.stop()
        self.bench.close()
        self.gate.close()
        self.camera.close()
        self.broker.stop()


def build_world(
    folder: Path,
    speed: float,
    *,
    with_past: bool = False,
    compares: bool = False,
    exams: int = 0,
    operator_folder: Path | None = None,
) -> World:
    """Make and start the stage; `with_past` fills the console with some weeks of exams and an account for each role.

    One number is used by two employers, and a worker has a job at each of them.
    `compares`: the terminal names a legal basis, and a worker has consented to the comparison of faces. `exams`: so many more, of
    invented organisations beside the demo's own.
    `operator_folder`: where files of electronic waybills are exchanged; without it in `folder`.
    Raises `BrokerError` and `OSError`, for example when a port is taken.
    """
    authority = create_secrets(folder / "centre", clock=lambda: datetime.now(UTC) - FOUNDED_AGO)
    broker = start_mosquitto(folder / "broker", authority)
    config = write_config(folder / "centre", Choices("demo", broker.port, free_port()))
    waybills = operator_folder or folder / "waybills"
    config = connect_operator(folder / "centre" / "central.toml", waybills)
    login, past = _fill_centre(config, authority, with_past=with_past, compares=compares)
    population = _populate(config, exams) if exams else None
    bench = Bench(folder / "lines", speed)
    for name, device in DEVICES.items():
        bench.add(name, device)
    bench.start()
    gate = RelayOnLine(folder / "lines", RelayBoard())
    gate.start()
    camera = CameraSimulator(scene=SCENE)
    camera_url = camera.start()
    terminal_config = _enrol(folder / "terminal", config, authority, broker, bench, camera_url, speed, gate.port)
    revocations = RevocationWatch(broker, authority.crl_file)
    revocations.start()
    if compares:
        _name_legal_basis(terminal_config)
    parts = (broker, bench, camera, terminal_config, login, past, revocations, waybills, gate, speed, population)
    return World(folder, config, authority, *parts)


def _populate(config: CentralConfig, exams: int) -> Population:
    """Organisations of a population beside the demo's own."""
    engine = open_engine(config.store_url)
    try:
        workers = max(_EMPLOYERS, exams // _EXAMS_OF_WORKER)
        now = datetime.now().astimezone()
        zone = now.tzinfo or UTC
        plan = Plan(2, _EMPLOYERS, workers, exams, 60, 1, now, waiting=min(10, exams), zone=zone)
        return populate(engine, config, plan, is_more=True)
    finally:
        engine.dispose()


def _fill_centre(
    config: CentralConfig, authority: Authority, *, with_past: bool, compares: bool
) -> tuple[Login, Past | None]:
    """Create the store, with invented people, firms, a medic and the terminal."""
    engine = open_engine(config.store_url)
    try:
        schema.upgrade(engine)
        registry = Registry(Outgoing.from_config(config), SnilsKey.from_file(config.keys.snils_key_file))
        with writing(engine) as connection:
            people = enter_people(connection, registry, (TERMINAL,))
            enter_waybill_parties(connection, registry, people)
            login = enter_medic(connection, authority, ORG, ORGANISATION, datetime.now(UTC), registry)
            enter_consents(connection, registry, people)
            enter_second_jobs(connection, registry, people, TERMINAL)
        past = fill_history(config, engine, registry, people) if with_past else None
        if compares:
            enter_face(config, engine, registry, people)
        return login, past
    finally:
        engine.dispose()


def _name_legal_basis(terminal_config: Path) -> None:
    fields = tomllib.loads(terminal_config.read_text(encoding="utf-8"))
    fields["biometrics"] = fields.get("biometrics", {}) | {"legal_basis": LEGAL_BASIS, "search": True}
    terminal_config.write_text(tomli_w.dumps(fields), encoding="utf-8")


def _enrol(
    folder: Path,
    config: CentralConfig,
    authority: Authority,
    broker: Broker,
    bench: Bench,
    camera_url: str,
    speed: float,
    gate_port: str,
) -> Path:
    """Give the terminal its keys and certificate, tell the centre its key, and write its configuration."""
    keys = folder / "keys"
    keys.mkdir(parents=True)
    signing_key = Ed25519PrivateKey.generate()
    write_secret(keys / "signing.key", signing_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    centre_key = load_signing_key(config.keys.centre_signing_key_file).public_key()
    (keys / "centre.pub").write_bytes(centre_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    (keys / "ca.pem").write_bytes(authority.ca_pem)
    write_secret(keys / "snils.key", SnilsKey.from_file(config.keys.snils_key_file).compare_key)
    issued = authority.issue_terminal(TERMINAL)
    (keys / "terminal.pem").write_bytes(issued.certificate_pem)
    write_secret(keys / "terminal.key", issued.key_pem or b"")
    engine = open_engine(config.store_url)
    with writing(engine) as connection:
        public = signing_key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        terminals.set_key(connection, TERMINAL, base64.b64encode(public).decode("ascii"))
        enrolments.add_certificate(connection, issued.serial, TERMINAL, now=now_utc(), not_after=issued.not_after)
    engine.dispose()

    fields = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    fields["identity"] |= {"terminal_id": TERMINAL, "generation": "demo"}
    fields["broker"] |= {"host": broker.host, "port": broker.port, "in_process": True}
    fields["camera"]["source"] = camera_url
    fields["exam"]["show_result_s"] = fields["exam"]["show_result_s"] / min(speed, 5.0)
    for rule in fields["exam"]["repeats"].values():
        rule["rest_s"] = REST_S / speed
    fields["gate"] = {
        "profile": "waveshare_v3",
        "port": gate_port,
        "pulse_s": 0.5,
        "exit_and_fire_release_are_apart": True,
    }
    fields["service"] = {"pin_hash": PasswordHasher().hash(SERVICE_PIN)}
    today = datetime.now(UTC).date()
    own = {item.measures: item for item in instruments_at(archive=False)}
    for device in fields["device"]:
        item = own[device["measures"]]
        device |= {"port": bench.port(device["id"]), "verified_until": item.verified_until(today)}
        device["serial_number"] = item.serial
    path = folder / "terminal.toml"
    path.write_text(tomli_w.dumps(fields), encoding="utf-8")
    return path
