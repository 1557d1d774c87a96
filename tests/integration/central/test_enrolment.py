"""A terminal enrols with a one-time code, gets in, sees only its own topics, renews, and is shut out."""

import base64
import contextlib
import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import paho.mqtt.client as mqtt
import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID
from fastapi import FastAPI
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import select

from central.authority import pki
from central.console.enrolment_api import make_router
from central.core.clock import now_utc
from central.core.parties import Terminal
from central.store import enrolments, terminals
from central.store.anomalies import anomaly
from central.store.engine import reading, writing
from central.store.terminals import get_terminal
from central.terminals.enrolment import Enrolment
from dopusk.lab.broker import client_context
from simulators.fleet_terminal import BrokerAddress, FleetTerminal, TerminalIdentity
from sync import network_thread
from sync.contract.enrolment import mac_is_right, mac_of, split_code
from sync.contract.topics import TerminalAddress
from tests.broker import ORG, TestCentre, is_listed
from tests.waiting import LONGEST_S, until


class Installer:
    """The terminal's side of enrolment, as its program does it."""

    def __init__(self, name: str, like: "Installer | None" = None) -> None:
        self.key = like.key if like else Ed25519PrivateKey.generate()
        self.tls_key = like.tls_key if like else ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(self.tls_key, hashes.SHA256())
        self.csr_pem = request.public_bytes(Encoding.PEM).decode()
        raw = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.public_key = base64.b64encode(raw).decode()
        self.proof = base64.b64encode(self.key.sign(self.csr_pem.encode())).decode()

    def request(self, code: str) -> dict[str, Any]:
        code_id, key = split_code(code)
        fields = {"code_id": code_id, "csr_pem": self.csr_pem, "public_key": self.public_key, "proof": self.proof}
        return fields | {"mac": mac_of(fields, key)}

    def write(self, folder: Path, certificate_pem: str) -> tuple[Path, Path]:
        certificate, key = folder / "enrolled.pem", folder / "enrolled.key"
        certificate.write_text(certificate_pem)
        key.write_bytes(self.tls_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return certificate, key


@pytest.fixture
def enrolment(centre: TestCentre) -> Enrolment:
    return Enrolment(centre.config, centre.engine)


@pytest.fixture
def http(enrolment: Enrolment) -> Any:
    app = FastAPI()
    app.include_router(make_router(enrolment))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}") as client:
        yield client
    server.should_exit = True
    thread.join(LONGEST_S)


def _code(centre: TestCentre, enrolment: Enrolment, name: str = "kiosk-9") -> str:
    with writing(centre.engine) as connection:
        if get_terminal(connection, name) is None:
            centre.registry.add_terminal(connection, Terminal(name, ORG, "Киоск 9", "Цех 2"))
        return enrolment.create_code(connection, name)


def test_an_enrolled_terminal_sends_an_exam(
    centre: TestCentre, enrolment: Enrolment, http: Any, make_exam: Any
) -> None:
    code = _code(centre, enrolment)
    installer = Installer("whatever it asks for")
    answer = http.post("/enrol", json=installer.request(code))
    assert answer.status_code == 200
    fields = answer.json()
    assert mac_is_right(fields, split_code(code)[1])
    assert (fields["terminal_id"], fields["org"], fields["generation"]) == ("kiosk-9", ORG, "test")
    certificate = x509.load_pem_x509_certificate(fields["certificate_pem"].encode())
    assert certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "kiosk-9"

    files = installer.write(centre.folder, fields["certificate_pem"])
    terminal = _connect(centre, installer, files, fields)
    message_id, _ = terminal.send_exam(make_exam())
    assert terminal.wait_for_receipts([message_id])
    assert terminal.receipts[message_id].outcome == "accepted"


def _connect(
    centre: TestCentre, installer: Installer, files: tuple[Path, Path], fields: dict[str, Any]
) -> FleetTerminal:
    centre_key = Ed25519PublicKey.from_public_bytes(base64.b64decode(fields["centre_key"]))
    identity = TerminalIdentity(TerminalAddress(ORG, "kiosk-9"), installer.key, centre_key, "test")
    address = BrokerAddress(fields["mqtt_host"], fields["mqtt_port"], centre.broker.ca_file, *files)
    terminal = FleetTerminal(identity, address)
    terminal.start()
    centre.fleet.append(terminal)
    return terminal


def test_a_code_works_once(centre: TestCentre, enrolment: Enrolment, http: Any) -> None:
    code = _code(centre, enrolment)
    assert http.post("/enrol", json=Installer("a").request(code)).status_code == 200
    again = http.post("/enrol", json=Installer("b").request(code))
    assert (again.status_code, again.json()["code"]) == (410, "used_code")


def test_a_new_code_ends_the_earlier_one(centre: TestCentre, enrolment: Enrolment, http: Any) -> None:
    earlier = _code(centre, enrolment)
    _code(centre, enrolment)
    assert http.post("/enrol", json=Installer("a").request(earlier)).json()["code"] == "expired_code"


def test_who_tries_codes_learns_nothing_and_keeps_nobody_out(
    centre: TestCentre, enrolment: Enrolment, http: Any
) -> None:
    code = _code(centre, enrolment)
    installer = Installer("a")
    wrong = installer.request(code) | {"mac": "0" * 64}
    unknown = wrong | {"code_id": "2222" if code[:4] != "2222" else "3333"}
    known_answer, unknown_answer = http.post("/enrol", json=wrong), http.post("/enrol", json=unknown)
    assert known_answer.status_code == unknown_answer.status_code == 403
    assert known_answer.content == unknown_answer.content
    answers = [http.post("/enrol", json=wrong).status_code for _ in range(40)]
    assert set(answers) == {403, 429}
    # From the same address, and with the code that was tried.
    assert http.post("/enrol", json=installer.request(code)).status_code == 200


def test_a_code_of_before_does_not_bring_back_a_revoked_terminal(
    centre: TestCentre, enrolment: Enrolment, http: Any
) -> None:
    code = _code(centre, enrolment)
    enrolment.revoke("kiosk-9")
    assert http.post("/enrol", json=Installer("a").request(code)).json()["code"] == "not_enrolled"
    with reading(centre.engine) as connection:
        row = get_terminal(connection, "kiosk-9")
    assert row is not None
    assert row["state"] == "revoked"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"x" * 100_000, b'{"code_id":"2222"}'])
def test_an_unreadable_request_is_refused(http: Any, body: bytes) -> None:
    answer = http.post("/enrol", content=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_request")


def test_a_request_signed_by_another_key_is_refused(centre: TestCentre, enrolment: Enrolment, http: Any) -> None:
    code = _code(centre, enrolment)
    installer, other = Installer("a"), Installer("b")
    installer.proof = other.proof
    assert http.post("/enrol", json=installer.request(code)).json()["code"] == "bad_request"
    with reading(centre.engine) as connection:
        row = get_terminal(connection, "kiosk-9")
    assert row is not None
    assert (row["state"], row["public_key"]) == ("new", None)


def _renewal(installer: Installer) -> dict[str, Any]:
    """A new request of the same keys, as the terminal makes it each time."""
    fresh = Installer("kiosk-9", like=installer)
    return {"terminal_id": "kiosk-9", "csr_pem": fresh.csr_pem, "signature": fresh.proof}


def test_renewal_needs_the_registered_key(centre: TestCentre, enrolment: Enrolment, http: Any) -> None:
    installer = Installer("kiosk-9")
    http.post("/enrol", json=installer.request(_code(centre, enrolment)))
    assert http.post("/renew", json=_renewal(installer)).status_code == 200
    assert http.post("/renew", json=_renewal(Installer("kiosk-9"))).json()["code"] == "bad_request"


def _certificates(centre: TestCentre) -> int:
    with reading(centre.engine) as connection:
        return len(enrolments.serials(connection, "kiosk-9"))


def test_what_was_recorded_renews_nothing(centre: TestCentre, enrolment: Enrolment, http: Any) -> None:
    installer = Installer("kiosk-9")
    http.post("/enrol", json=installer.request(_code(centre, enrolment)))
    recorded = {"terminal_id": "kiosk-9", "csr_pem": installer.csr_pem, "signature": installer.proof}
    assert http.post("/renew", json=recorded).json()["code"] == "used_request"
    renewal = _renewal(installer)
    assert http.post("/renew", json=renewal).status_code == 200
    with ThreadPoolExecutor(8) as crowd:
        again = list(crowd.map(lambda _: http.post("/renew", json=renewal).status_code, range(20)))
    assert 200 not in again
    assert _certificates(centre) == 2


def test_a_stolen_key_makes_two_certificates_a_day(
    centre: TestCentre, enrolment: Enrolment, http: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    installer = Installer("kiosk-9")
    http.post("/enrol", json=installer.request(_code(centre, enrolment)))
    answers = [http.post("/renew", json=_renewal(installer)) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 429, 429, 429, 429]
    assert answers[1].headers["Retry-After"] == "86400"
    assert _certificates(centre) == 2
    tomorrow = now_utc() + timedelta(days=1, minutes=1)
    monkeypatch.setattr("central.terminals.enrolment.now_utc", lambda: tomorrow)
    assert http.post("/renew", json=_renewal(installer)).status_code == 200
    much_later = now_utc() + timedelta(days=400)
    monkeypatch.setattr("central.terminals.enrolment.now_utc", lambda: much_later)
    assert http.post("/renew", json=_renewal(installer)).json()["code"] == "certificate_ended"


def test_a_revocation_writes_one_list_and_holds_nobody_up(
    centre: TestCentre, enrolment: Enrolment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many certificates there are; and while the list is written, the store is free."""
    centre.identity("kiosk-9")
    now = now_utc()
    with writing(centre.engine) as connection:
        for number in range(1500):
            enrolments.add_certificate(connection, f"{number + 1:x}", "kiosk-9", now=now, not_after=now)
    lists: list[int] = []
    write_list = pki.write_list

    def watched(*args: Any) -> None:
        with writing(centre.engine) as connection:  # would wait for a lock, and fail
            terminals.set_state(connection, "kiosk-9", "enrolled")
        lists.append(len(args[3]))
        write_list(*args)

    monkeypatch.setattr(pki, "write_list", watched)
    enrolment.revoke("kiosk-9")
    assert lists == [1502]  # these, the one of the connection, and the probe
    assert is_listed(centre.authority, "1")
    assert is_listed(centre.authority, f"{1500:x}")


def test_a_certificate_made_during_a_revocation_is_revoked_too(
    centre: TestCentre, enrolment: Enrolment, monkeypatch: pytest.MonkeyPatch
) -> None:
    centre.identity("kiosk-9")
    late = iter(["abc1"])
    write_list = pki.write_list

    def meanwhile(*args: Any) -> None:
        for serial in late:
            with writing(centre.engine) as connection:
                enrolments.add_certificate(connection, serial, "kiosk-9", now=now_utc(), not_after=now_utc())
        write_list(*args)

    monkeypatch.setattr(pki, "write_list", meanwhile)
    enrolment.revoke("kiosk-9")
    assert is_listed(centre.authority, "abc1")


def test_a_revoked_terminal_is_refused_by_ingest_and_by_the_broker(
    centre: TestCentre, enrolment: Enrolment, http: Any, make_exam: Any
) -> None:
    installer = Installer("kiosk-9")
    fields = http.post("/enrol", json=installer.request(_code(centre, enrolment))).json()
    files = installer.write(centre.folder, fields["certificate_pem"])
    terminal = _connect(centre, installer, files, fields)
    enrolment.revoke("kiosk-9")
    message_id, _ = terminal.send_exam(make_exam())
    assert terminal.wait_for_receipts([message_id])
    assert terminal.receipts[message_id].code == "not_enrolled"

    renewal = {"terminal_id": "kiosk-9", "csr_pem": installer.csr_pem, "signature": installer.proof}
    assert http.post("/renew", json=renewal).json()["code"] == "not_enrolled"

    centre.broker.reload()
    assert until(lambda: not _gets_in(centre, files))
    intact = centre.terminal("kiosk-5")
    assert _gets_in(centre, (centre.folder / "tls-kiosk-5.pem", centre.folder / "tls-kiosk-5.key"))
    assert intact.client.is_connected() or until(intact.client.is_connected)


def _gets_in(centre: TestCentre, files: tuple[Path, Path]) -> bool:
    """Whether the broker lets a client in with the certificate of these files; it says so, or cuts the client off."""
    said = threading.Event()
    let_in: list[bool] = []

    def told(answer: bool) -> None:
        let_in.append(answer)
        said.set()

    client = mqtt.Client(
        CallbackAPIVersion.VERSION2, client_id="probe", protocol=mqtt.MQTTv5, reconnect_on_failure=False
    )
    client.tls_set_context(client_context(centre.broker.ca_file, *files))
    client.on_connect = lambda _client, _user, _flags, reason, _properties: told(not reason.is_failure)
    client.on_connect_fail = lambda *_: told(False)
    client.on_disconnect = lambda *_: told(False)
    try:
        client.connect(centre.broker.host, centre.broker.port)
        client.loop_start()
        assert said.wait(LONGEST_S)
    except (ssl.SSLError, OSError):
        return False
    finally:
        network_thread.end(client)
    return let_in[0]


def test_a_terminal_can_neither_write_nor_read_the_topics_of_another(centre: TestCentre, make_exam: Any) -> None:
    victim = centre.terminal("kiosk-1", acknowledges=False)
    spy = centre.terminal("kiosk-2")
    overheard: list[str] = []
    spy.client.on_message = lambda _client, _user, message: overheard.append(message.topic)
    subscribed = threading.Event()
    spy.client.on_subscribe = lambda *_: subscribed.set()
    spy.client.subscribe([("dopusk/1/+/+/down/#", 1), ("dopusk/1/+/+/up/#", 1), ("#", 1), ("$SYS/#", 0)])
    assert subscribed.wait(LONGEST_S)

    # Signed rightly by the victim's own key: only the broker's list stands between.
    _, sealed = victim.identity.seal("dopusk.exam/1", make_exam())
    spy.client.publish(victim.identity.address.up("exam"), sealed.wire, qos=1)
    spy.client.publish(victim.identity.address.status, b'{"state":"offline"}', qos=1)
    own_id, _ = spy.send_exam(make_exam())

    message_id, sealed_again = victim.send_exam(make_exam())
    assert victim.wait_for_receipts([message_id])
    assert until(lambda: any(topic.endswith("kiosk-2/down/receipt") for topic in overheard))
    assert all("/kiosk-2/" in topic for topic in overheard)
    assert len(sealed_again.wire) > 0
    with reading(centre.engine) as connection:
        head = get_terminal(connection, "kiosk-1")
        kinds = set(connection.execute(select(anomaly.c.kind)).scalars())
    # The stolen message never arrived: the victim's own next one (place 2) stands alone, and its forerunner is missing.
    assert head is not None
    assert head["head_seq"] == 2
    assert head["gap_from"] == 1 or "gap" in kinds
    assert own_id != message_id


def test_without_a_certificate_nobody_gets_in(centre: TestCentre) -> None:
    context = ssl.create_default_context(cafile=str(centre.broker.ca_file))
    connected = threading.Event()
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2, client_id="nobody", protocol=mqtt.MQTTv5, reconnect_on_failure=False
    )
    client.tls_set_context(context)
    client.on_connect = lambda *_: connected.set()
    ended = threading.Event()
    client.on_disconnect = lambda *_: ended.set()
    with contextlib.suppress(ssl.SSLError, OSError):
        client.connect(centre.broker.host, centre.broker.port)
        client.loop_start()
        assert ended.wait(LONGEST_S)
    network_thread.end(client)
    assert not connected.is_set()
