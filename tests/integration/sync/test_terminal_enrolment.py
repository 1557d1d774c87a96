"""`enrol`, `renew` and `recover --send` of the terminal against a running centre."""

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from fastapi import FastAPI
from sqlalchemy import select
from typer.testing import CliRunner

from central.console.enrolment_api import make_router
from central.core.parties import Terminal
from central.store.engine import reading, writing
from central.store.exams import exam
from central.terminals.enrolment import Enrolment
from dopusk.cli import build
from dopusk.terminal_enrolment import EnrolmentFailed, enrol, renew, valid_until
from dopusk.terminal_sync import make_forwarder
from sync import metrics
from sync.contract.topics import TerminalAddress
from terminal.config import TerminalConfig, load_config
from terminal.store.database import KeyFile, connect
from terminal.store.store import TerminalStore
from tests.broker import ORG, TestCentre
from tests.unit.terminal.store.scene import flip, play_exam
from tests.waiting import LONGEST_S, until


@pytest.fixture
def url(centre: TestCentre) -> Iterator[str]:
    app = FastAPI()
    app.include_router(make_router(Enrolment(centre.config, centre.engine)))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", port=0))
    thread = threading.Thread(target=server.run)
    thread.start()
    assert until(lambda: server.started)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(LONGEST_S)


@pytest.fixture
def code(centre: TestCentre) -> str:
    with writing(centre.engine) as connection:
        centre.registry.add_terminal(connection, Terminal("kiosk-9", ORG, "Киоск 9", "Цех 2"))
        return Enrolment(centre.config, centre.engine).create_code(connection, "kiosk-9")


def _store(config: TerminalConfig) -> TerminalStore:
    key = load_pem_private_key(config.files.signing_key.read_bytes(), password=None)
    address = TerminalAddress(config.identity.org, config.identity.terminal_id)
    return TerminalStore(config.files.store, config.files.media, KeyFile(config.files.master_key), key, address, "test")


def _exams(centre: TestCentre) -> set[str]:
    with reading(centre.engine) as connection:
        return set(connection.execute(select(exam.c.exam_id)).scalars())


def _forward(config: TerminalConfig, store: TerminalStore) -> bool:
    forwarder = make_forwarder(config, KeyFile(config.files.master_key).master_key())
    thread = threading.Thread(target=forwarder.run)
    thread.start()
    try:
        return until(lambda: store.outbox.backlog().queued == 0)
    finally:
        forwarder.stop()
        thread.join(LONGEST_S)


def test_one_step_and_the_terminal_works(centre: TestCentre, url: str, code: str, tmp_path: Path) -> None:
    folder = tmp_path / "kiosk"
    enrolled = enrol(folder, code, url)
    assert (enrolled.terminal_id, enrolled.org, enrolled.generation) == ("kiosk-9", ORG, "test")
    assert {path.stat().st_mode & 0o077 for path in (folder / "keys").iterdir()} == {0}
    config = load_config(folder / "terminal.toml")
    store = _store(config)
    exam_id = play_exam(store)
    assert _forward(config, store)
    assert exam_id in _exams(centre)
    store.close()
    with pytest.raises(EnrolmentFailed, match="centre refuses"):
        enrol(folder, code, url)


@pytest.mark.parametrize("wrong", ["a code with one sign wrong", "not a code", "nobody there", "another centre"])
def test_a_failed_enrolment_says_why_and_leaves_no_certificate(url: str, code: str, tmp_path: Path, wrong: str) -> None:
    last = "2" if code[-1] != "2" else "3"
    given, address = {
        "a code with one sign wrong": (code[:-1] + last, url),
        "not a code": ("1234", url),
        "nobody there": (code, "http://127.0.0.1:9"),
        "another centre": (code, "nonsense"),
    }[wrong]
    with pytest.raises(EnrolmentFailed):
        enrol(tmp_path / "kiosk", given, address)
    assert not (tmp_path / "kiosk" / "keys" / "terminal.pem").exists()


def test_a_certificate_is_renewed_and_taken_into_use_without_a_restart(
    centre: TestCentre, url: str, code: str, tmp_path: Path
) -> None:
    enrol(tmp_path / "kiosk", code, url)
    config = load_config(tmp_path / "kiosk" / "terminal.toml")
    assert renew(config, before=timedelta(days=1)) is None
    before = config.broker.cert_file.read_bytes()
    renewed = CliRunner().invoke(
        build(["terminal"]), ["terminal", "renew", "-c", str(tmp_path / "kiosk" / "terminal.toml")]
    )
    assert (renewed.exit_code, renewed.stdout.strip()) == (0, "not due yet")
    assert renew(config, before=timedelta(days=10_000)) is not None  # at the centre where it was enrolled
    until_now = valid_until(config)
    assert until_now is not None
    after = config.broker.cert_file.read_bytes()
    assert after != before
    serials = {x509.load_pem_x509_certificate(pem).serial_number for pem in (before, after)}
    assert len(serials) == 2
    store = _store(config)
    play_exam(store)
    assert _forward(config, store)
    store.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_running_sync_takes_a_renewed_certificate(centre: TestCentre, url: str, code: str, tmp_path: Path) -> None:
    enrol(tmp_path / "kiosk", code, url)
    config = load_config(tmp_path / "kiosk" / "terminal.toml")
    store = _store(config)
    reports: list[bool] = []
    forwarder = make_forwarder(
        config, KeyFile(config.files.master_key).master_key(), on_link=lambda report: reports.append(report.connected)
    )
    thread = threading.Thread(target=forwarder.run)
    thread.start()
    try:
        assert until(lambda: reports[-1:] == [True])
        connects = metrics.connects._value.get()
        renew(config, url, before=timedelta(days=10_000))
        assert until(lambda: metrics.connects._value.get() > connects)
        play_exam(store)
        assert until(lambda: store.outbox.backlog().queued == 0)
    finally:
        forwarder.stop()
        thread.join(LONGEST_S)
        store.close()


@pytest.mark.parametrize(("broken", "least"), [("a page", 2), ("the first page", 3)])
def test_what_a_damaged_store_never_sent_is_recovered_and_sent(
    centre: TestCentre, url: str, code: str, tmp_path: Path, broken: str, least: int
) -> None:
    """The kiosk goes on with a new store; the old one's exams arrive by the command, and the new one's by themselves."""
    enrol(tmp_path / "kiosk", code, url)
    path = tmp_path / "kiosk" / "terminal.toml"
    config = load_config(path)
    store = _store(config)
    old = {play_exam(store) for _ in range(3)}
    store.close()
    content = config.files.store.read_bytes()
    spoilt = flip(content, len(content) - 100) if broken == "a page" else b"\xa5" * 4096 + content[4096:]
    config.files.store.write_bytes(spoilt)
    (config.files.store.parent / f"{config.files.store.name}.suspect").touch()
    store = _store(config)
    assert len(store.set_aside) == 1
    new = play_exam(store)
    assert _forward(config, store)
    store.close()
    answer = CliRunner().invoke(build(["terminal"]), ["terminal", "recover", "--config", str(path), "--send"])
    assert answer.exit_code == 0, answer.output
    with closing(connect(next(config.files.store.parent.glob("*.recovered")), _master(config))) as db:
        assert db.execute("SELECT count(*) FROM outbox WHERE state = 'queued'").fetchone() == (0,)
    arrived = _exams(centre)
    assert new in arrived
    assert len(arrived & old) >= least


def _master(config: TerminalConfig) -> bytes:
    return KeyFile(config.files.master_key).master_key()
