"""`dopusk central` as an administrator runs it: plain messages, exit codes, and the two services as real processes."""

import base64
import contextlib
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import Result
from typer.testing import CliRunner

from central.authority.pki import Authority
from central.core.clock import now_utc
from central.core.config import load_config
from central.core.parties import Organisation, Terminal
from central.core.snils import SnilsKey
from central.link.outgoing import Outgoing
from central.people.registry import Registry
from central.store import enrolments, refusals, terminals
from central.store.engine import open_engine, reading, writing
from dopusk.commands.central_group import app
from dopusk.commands.central_keeping import verify_sqlite
from dopusk.lab.broker import free_port, start_mosquitto
from sync.contract.canonical import new_id
from sync.contract.envelope import read_unverified
from tests.waiting import LONGEST_S, until

DOPUSK = (sys.executable, "-m", "dopusk", "central")


def _run(*arguments: str, given: str = "") -> Result:
    return CliRunner().invoke(app, list(arguments), input=given)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    folder = tmp_path / "centre"
    ports = ["--mqtt-port", str(free_port()), "--http-port", str(free_port())]
    done = _run("init", str(folder), "--generation", "test", *ports)
    assert done.exit_code == 0, done.stderr
    return folder / "central.toml"


@contextlib.contextmanager
def _process(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    with subprocess.Popen([*DOPUSK, *arguments], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().strip()
        finally:
            if process.poll() is None:
                process.kill()


def _configured(config: Path, section: str, **values: Any) -> None:
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace(f"[{section}]\n", f"[{section}]\n{lines}"), encoding="utf-8")


def test_the_console_serves_counts_and_ends_on_a_signal(installed: Path) -> None:
    metrics_port = free_port()
    _configured(installed, "http", metrics_port=metrics_port)
    with _process("serve", "-c", str(installed)) as (process, line):
        assert line.startswith("central serve ready: http://127.0.0.1:")
        address = line.split(": ", 1)[1]
        assert httpx.get(f"{address}/login").status_code == 200
        assert httpx.post(f"{address}/enrol", content=b"x").json()["code"] == "bad_request"
        counted = httpx.get(f"http://127.0.0.1:{metrics_port}/metrics").text
        assert "dopusk_outbox_backlog" in counted
        process.send_signal(signal.SIGTERM)
        assert process.wait(LONGEST_S) in {0, -signal.SIGTERM}


def test_ingest_waits_for_the_broker_and_ends_on_a_signal(installed: Path, tmp_path: Path) -> None:
    config = load_config(installed)
    authority = Authority(config.keys.authority_dir)
    with (
        start_mosquitto(tmp_path / "broker", authority, port=config.mqtt.port),
        _process("ingest", "-c", str(installed)) as (process, line),
    ):
        assert line == "central ingest ready"
        process.send_signal(signal.SIGTERM)
        assert process.wait(LONGEST_S) == 0


def test_a_port_in_use_is_named(installed: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        text = installed.read_text(encoding="utf-8")
        [line] = [line for line in text.split("[http]")[1].splitlines() if line.startswith("port")]
        installed.write_text(text.replace(line, f"port = {taken.getsockname()[1]}"), encoding="utf-8")
        done = _run("serve", "-c", str(installed))
    assert done.exit_code == 1
    assert "http.port" in done.stderr


def test_a_broken_configuration_stops_every_command_with_all_faults(installed: Path) -> None:
    text = installed.read_text(encoding="utf-8")
    installed.write_text(text.replace("generation", "generatoin").replace("port = ", "port = -"), encoding="utf-8")
    done = _run("ingest", "-c", str(installed))
    assert done.exit_code == 2
    for place in ("generation", "generatoin", "mqtt.port", "http.port"):
        assert place in done.stderr


def test_an_empty_store_is_named(installed: Path) -> None:
    (installed.parent / "central.db").unlink()
    done = _run("ingest", "-c", str(installed))
    assert done.exit_code == 1
    assert "dopusk central migrate" in done.stderr


def test_a_centre_is_not_installed_twice(installed: Path) -> None:
    before = installed.read_bytes()
    done = _run("init", str(installed.parent), "--generation", "real")
    assert done.exit_code == 1
    assert "nothing was changed" in done.stderr
    assert installed.read_bytes() == before


def test_accounts_are_made_and_shut(installed: Path) -> None:
    add = ("user", "add", "zoya", "-c", str(installed), "--role", "auditor", "--full-name", "Зоя", "--password-stdin")
    assert _run(*add, given="не-угадать-1977\n").exit_code == 0
    again = _run(*add, given="не-угадать-1977\n")
    assert again.exit_code == 1
    assert "taken" in again.stderr
    weak = _run("user", "password", "zoya", "-c", str(installed), "--password-stdin", given="123\n")
    assert weak.exit_code == 1
    assert _run("user", "disable", "zoya", "-c", str(installed)).exit_code == 0
    listed = json.loads(_run("user", "list", "-c", str(installed), "--json").stdout)
    assert [(one["username"], one["role"], one["disabled"]) for one in listed] == [("zoya", "auditor", True)]


def test_the_last_administrator_is_not_shut_out(installed: Path) -> None:
    for name in ("root", "second"):
        words = ("user", "add", name, "-c", str(installed), "--role", "administrator", "--full-name", "Анна")
        assert _run(*words, "--password-stdin", given="не-угадать-1977\n").exit_code == 0
    assert _run("user", "disable", "root", "-c", str(installed)).exit_code == 0
    refused = _run("user", "disable", "second", "-c", str(installed))
    assert refused.exit_code == 1
    assert "second is the last administrator" in refused.stderr
    listed = json.loads(_run("user", "list", "-c", str(installed), "--json").stdout)
    disabled = {one["username"]: one["disabled"] for one in listed}
    assert (disabled["root"], disabled["second"]) == (True, False)


def test_backup_restore_and_verify(installed: Path) -> None:
    folder = installed.parent / "backup"
    assert _run("backup", str(folder), "-c", str(installed)).exit_code == 0
    for path in installed.parent.glob("central.db*"):
        path.rename(path.with_name("away-" + path.name))
    done = _run("restore", str(folder), "-c", str(installed), "--json")
    assert (done.exit_code, json.loads(done.stdout)["ok"]) == (0, True)
    assert verify_sqlite(installed.parent / "central.db").ok
    assert not list(installed.parent.glob("*.unfinished"))


def test_a_centre_in_a_folder_of_odd_letters_keeps_its_store_there(tmp_path: Path) -> None:
    """A name of a file ended at its first question mark: two centres in such a folder got one store outside of both."""
    parent = tmp_path / "100% центр #1?x=1"
    for name in ("первый", "второй"):
        done = _run("init", str(parent / name), "--generation", "test")
        assert done.exit_code == 0, done.stderr
        config = parent / name / "central.toml"
        add = ("user", "add", "zoya", "-c", str(config), "--role", "auditor", "--full-name", "Зоя", "--password-stdin")
        assert _run(*add, given="не-угадать-1977\n").exit_code == 0
        assert (parent / name / "central.db").is_file()
        assert _run("backup", str(parent / f"копия {name}?"), "-c", str(config)).exit_code == 0
        for path in (parent / name).glob("central.db*"):
            path.unlink()
        assert _run("restore", str(parent / f"копия {name}?"), "-c", str(config)).exit_code == 0
        assert verify_sqlite(parent / name / "central.db").ok
    assert sorted(path.name for path in tmp_path.iterdir()) == [parent.name]


def test_a_store_that_an_older_program_has_misplaced_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "a?b"
    assert _run("init", str(folder), "--generation", "test").exit_code == 0
    (folder / "central.db").rename(tmp_path / "a")
    done = _run("user", "list", "-c", str(folder / "central.toml"))
    assert done.exit_code == 2
    assert str(tmp_path / "a") in done.stderr


def test_the_running_centre_tells_its_terminals_of_revoked_medics(installed: Path) -> None:
    config = load_config(installed)
    authority = Authority(config.keys.authority_dir)
    medic, kiosk = authority.issue_medic("Луговая Зоя", new_id(), "Медпункт"), authority.issue_terminal("kiosk-1")
    authority.revoke(medic.serial)
    authority.revoke(kiosk.serial)
    engine = open_engine(config.store_url)
    registry = Registry(Outgoing.from_config(config), SnilsKey.from_file(config.keys.snils_key_file))
    with writing(engine) as connection:
        registry.add_organisation(connection, Organisation("zarya", "Медпункт Заря", "Л041"))
        registry.add_terminal(connection, Terminal("kiosk-1", "zarya", "Киоск", "Проходная"))
        terminals.set_key(connection, "kiosk-1", base64.b64encode(b"k" * 32).decode())
        enrolments.add_certificate(connection, kiosk.serial, "kiosk-1", now=now_utc(), not_after=kiosk.not_after)

    def told() -> list[Any]:
        with reading(engine) as connection:
            wires = refusals.wires_of(connection, "kiosk-1", "reference")
        books = [read_unverified(wire).envelope.payload for wire in wires]
        return [one for one in books if one["name"] == "revoked_certificates"]

    with _process("serve", "-c", str(installed)) as (process, _):
        assert until(lambda: bool(told()))
        process.send_signal(signal.SIGTERM)
        assert process.wait(LONGEST_S) == 0
    engine.dispose()
    [book] = told()
    serials = {one["serial"] for one in book["content"]["certificates"]}
    assert medic.serial in serials
    assert kiosk.serial not in serials
    engine.dispose()
