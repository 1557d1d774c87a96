"""Trouble with broker, store, disk and processes: what was shown as delivered is there, once, and nothing stands still."""

import contextlib
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, event, func, select

from central.authority import pki
from central.core import metrics
from central.core.media_files import MediaFiles
from central.link.outgoing import Outgoing
from central.store.engine import reading, writing
from central.store.exams import exam
from central.store.messages import message
from central.store.outgoing import centre_outbox
from dopusk.lab.broker import client_context
from dopusk.lab.postgres import fresh_database
from simulators.fleet_terminal import BrokerAddress, FleetTerminal
from sync.contract.canonical import new_id, sha256_hex
from sync.contract.media import MEDIA_SCHEMA
from sync.contract.topics import Up
from tests.broker import TestCentre, running_centre
from tests.waiting import LONGEST_S, until

PROGRAM = (sys.executable, "-m", "dopusk", "central", "ingest")


@contextlib.contextmanager
def _ingest_process(centre: TestCentre) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*PROGRAM, "--config", str(centre.folder / "central.toml")], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "central ingest ready"
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _counts(centre: TestCentre) -> tuple[int, int]:
    """Messages with an exam, and exams. Acknowledgements come and go as the terminals please."""
    of_exams = select(func.count()).select_from(message).where(message.c.kind == "exam")
    with reading(centre.engine) as connection:
        return (
            connection.execute(of_exams).scalar_one(),
            connection.execute(select(func.count()).select_from(exam)).scalar_one(),
        )


def _resend_until_receipted(terminal: FleetTerminal, wires: dict[str, bytes]) -> None:
    """As a real terminal does: whatever has no receipt is sent again."""
    for _ in range(20):
        open_ids = [message_id for message_id in wires if message_id not in terminal.receipts]
        if not open_ids or terminal.wait_for_receipts(open_ids, timeout_s=5):
            return
        for message_id in open_ids:
            terminal.publish(Up.EXAM, wires[message_id])
    pytest.fail("no receipts in time")


def test_two_ingest_processes_share_the_stream_and_one_may_die(
    tmp_path: Path, postgres: Path, make_payload: Any
) -> None:
    url = fresh_database(postgres, "shared")
    with running_centre(tmp_path, ingests=0, store_url=url) as centre:
        with _ingest_process(centre) as first, _ingest_process(centre):
            terminals = [centre.terminal(f"kiosk-{number}") for number in (1, 2)]
            wires: list[dict[str, bytes]] = [{}, {}]
            for number in range(120):
                for terminal, own in zip(terminals, wires, strict=True):
                    message_id, sealed = terminal.send_exam(make_payload(centre))
                    own[message_id] = sealed.wire
                if number == 60:
                    first.send_signal(signal.SIGKILL)
            for terminal, own in zip(terminals, wires, strict=True):
                _resend_until_receipted(terminal, own)
        assert _counts(centre) == (240, 240)
        assert {receipt.outcome for terminal in terminals for receipt in terminal.receipts.values()} <= {
            "accepted",
            "duplicate",
        }


def test_a_broker_that_forgets_everything_loses_nothing(centre: TestCentre, make_exam: Any) -> None:
    terminal = centre.terminal("kiosk-1", acknowledges=False)
    first_id, _ = terminal.send_exam(make_exam())
    assert terminal.wait_for_receipts([first_id])
    centre.broker.kill()
    centre.broker.forget()
    with writing(centre.engine) as connection:
        down_id = Outgoing.from_config(centre.config).queue(
            connection, "kiosk-1", "reference", "dopusk.reference/1", {}
        )
    centre.dispatcher.wake()
    centre.broker.start()
    assert until(terminal.client.is_connected)
    message_id, sealed = terminal.identity.seal("dopusk.exam/1", make_exam())
    terminal.publish(Up.EXAM, sealed.wire)
    _resend_until_receipted(terminal, {message_id: sealed.wire})
    assert terminal.wait_for(lambda t: down_id in {envelope.message_id for _, envelope in t.received})
    assert _counts(centre) == (2, 2)


def test_a_frozen_broker_holds_things_up_and_loses_nothing(centre: TestCentre, make_exam: Any) -> None:
    terminal = centre.terminal("kiosk-1")
    centre.broker.pause()
    sent = dict(_sent(terminal, make_exam()) for _ in range(5))
    centre.broker.resume()
    _resend_until_receipted(terminal, sent)
    assert _counts(centre) == (5, 5)


def _sent(terminal: FleetTerminal, payload: dict[str, Any]) -> tuple[str, bytes]:
    message_id, sealed = terminal.send_exam(payload)
    return message_id, sealed.wire


def _impatient(connection: Connection) -> None:
    connection.exec_driver_sql("PRAGMA busy_timeout = 200")


def test_a_locked_store_is_waited_for(centre: TestCentre, make_exam: Any) -> None:
    terminal = centre.terminal("kiosk-1")
    other = create_engine(centre.config.store_url)
    raw = other.raw_connection()
    raw.cursor().execute("BEGIN IMMEDIATE")
    event.listen(centre.engine, "begin", _impatient)
    before = metrics.store_retries._value.get()
    message_id, _ = terminal.send_exam(make_exam())
    assert until(lambda: metrics.store_retries._value.get() > before)
    assert message_id not in terminal.receipts
    raw.rollback()
    raw.close()
    other.dispose()
    assert terminal.wait_for_receipts([message_id])
    assert _counts(centre) == (1, 1)


def test_a_disk_that_takes_no_media_does_not_stop_exams(centre: TestCentre, make_exam: Any) -> None:
    terminal = centre.terminal("kiosk-1")
    centre.config.media_dir.write_text("not a folder")
    chunk = {
        "exam_id": new_id(),
        "sha256": sha256_hex(b"photo"),
        "content_type": "image/jpeg",
        "index": 0,
        "count": 1,
        "chunk_sha256": sha256_hex(b"photo"),
        "content_base64": "cGhvdG8=",
    }
    media_id, media_sealed = terminal.identity.seal(MEDIA_SCHEMA, chunk)
    terminal.publish(Up.MEDIA, media_sealed.wire)
    exam_id, _ = terminal.send_exam(make_exam())
    assert terminal.wait_for_receipts([exam_id])
    assert media_id not in terminal.receipts

    centre.config.media_dir.unlink()
    terminal.publish(Up.MEDIA, media_sealed.wire)
    assert terminal.wait_for_receipts([media_id])
    path = MediaFiles(centre.config.media_dir).path(sha256_hex(b"photo"))
    assert until(lambda: path.exists() and path.read_bytes() == b"photo")


def _shake_hands(address: BrokerAddress, context: ssl.SSLContext) -> None:
    """Connect and read: with TLS 1.3 a client learns only then that its certificate is refused."""
    with (
        socket.create_connection((address.host, address.port), timeout=LONGEST_S) as plain,
        context.wrap_socket(plain, server_hostname=address.host) as wire,
    ):
        if wire.recv(1) == b"":
            raise OSError("closed")


def test_an_expired_certificate_does_not_get_in(centre: TestCentre, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pki, "TERMINAL_VALID", timedelta(minutes=-1))
    identity, address = centre.identity("kiosk-1")
    context = client_context(address.ca_file, address.cert_file, address.key_file)
    with pytest.raises(OSError, match=r"closed|alert|reset"):
        _shake_hands(address, context)
    assert identity.seq == 0


def test_a_stopped_ingest_finishes_its_batch_and_ends(centre: TestCentre, make_exam: Any) -> None:
    terminal = centre.terminal("kiosk-1")
    ids = [terminal.send_exam(make_exam())[0] for _ in range(20)]
    assert terminal.wait_for_receipts(ids[:1])
    centre.stop_ingest()
    with reading(centre.engine) as connection:
        stored = set(connection.execute(select(message.c.message_id)).scalars())
    assert {name for name in ids if name in terminal.receipts} <= stored


def test_the_outbox_closes_on_the_terminals_word_only(centre: TestCentre) -> None:
    terminal = centre.terminal("kiosk-1", acknowledges=False)
    with writing(centre.engine) as connection:
        message_id = Outgoing.from_config(centre.config).queue(
            connection, "kiosk-1", "reference", "dopusk.reference/1", {}
        )
    centre.dispatcher.wake()
    assert terminal.wait_for(lambda t: message_id in {envelope.message_id for _, envelope in t.received})

    def state() -> str:
        with reading(centre.engine) as connection:
            query = select(centre_outbox.c.state).where(centre_outbox.c.message_id == message_id)
            return str(connection.execute(query).scalar_one())

    assert until(lambda: state() == "sent")
    assert state() != "acked"
