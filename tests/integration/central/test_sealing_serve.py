"""The running `central serve` seals what the centre writes, by itself, and `dopusk verify` names whoever changes it afterwards."""

import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from dopusk.commands.central_group import app
from dopusk.lab.broker import free_port
from tests.waiting import LONGEST_S, until

DOPUSK = (sys.executable, "-m", "dopusk")


def _count(store: Path, table: str) -> int:
    with closing(sqlite3.connect(store)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608


def _verify(store: Path) -> tuple[int, str]:
    done = subprocess.run(
        [*DOPUSK, "verify", str(store)], capture_output=True, text=True, timeout=LONGEST_S, check=False
    )
    return done.returncode, done.stdout + done.stderr


def _is_all_sealed(store: Path) -> bool:
    with closing(sqlite3.connect(store)) as connection:
        query = "SELECT a.audit_id FROM audit a WHERE NOT EXISTS (SELECT 1 FROM seal s, json_each(s.rows) r "
        query += "WHERE s.kind = 'audit' AND json_extract(r.value, '$[0]') = a.audit_id)"
        return not connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A centre that was served, without any broker, and ended by SIGTERM right after somebody had knocked."""
    folder = tmp_path_factory.mktemp("served") / "centre"
    ports = ["--mqtt-port", str(free_port()), "--http-port", str(free_port())]
    assert CliRunner().invoke(app, ["init", str(folder), "--generation", "test", *ports]).exit_code == 0
    command = [*DOPUSK, "central", "serve", "-c", str(folder / "central.toml")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip().split(": ", 1)[1]
            _knock(address)
            assert until(lambda: _count(folder / "central.db", "seal") > 0)
            assert until(lambda: _is_all_sealed(folder / "central.db"))
            before = _count(folder / "central.db", "audit")
            _knock(address)
            assert _count(folder / "central.db", "audit") > before
            process.send_signal(signal.SIGTERM)
            assert process.wait(LONGEST_S) == 0
        finally:
            process.kill()
    return folder / "central.db"


def _knock(address: str) -> None:
    """A refused login is a row of the access log."""
    with httpx.Client(base_url=address) as client:
        token = client.get("/login").text.split('name="csrf" value="', 1)[1].split('"', 1)[0]
        fields = {"csrf": token, "username": "nobody", "password": "not the right one"}
        assert client.post("/login", data=fields).status_code == 401


@pytest.fixture
def copy(served: Path, tmp_path: Path) -> Path:
    shutil.copytree(served.parent, tmp_path / "copy")
    return tmp_path / "copy" / "central.db"


def _by_hand(store: Path, *statements: str) -> None:
    """As the owner of the machine does it: the guards first."""
    with closing(sqlite3.connect(store)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def test_everything_is_sealed_at_the_end_and_in_order(served: Path) -> None:
    assert _is_all_sealed(served)
    code, said = _verify(served)
    assert code == 0, said


def test_a_changed_row_is_named(copy: Path) -> None:
    with closing(sqlite3.connect(copy)) as connection:
        (key,) = connection.execute("SELECT min(audit_id) FROM audit").fetchone()
    _by_hand(copy, f"UPDATE audit SET address = '::9' WHERE audit_id = '{key}'")  # noqa: S608
    code, said = _verify(copy)
    assert code == 1
    assert f"audit {key}" in said


@pytest.mark.parametrize(
    "cut",
    [
        ("DELETE FROM seal",),
        ("DELETE FROM seal", "DELETE FROM audit"),
        ("DELETE FROM seal WHERE seal_no = (SELECT max(seal_no) FROM seal)",),
        ("DELETE FROM seal_head",),
        ("DELETE FROM audit",),
    ],
)
def test_what_is_cut_off_is_found(copy: Path, cut: tuple[str, ...]) -> None:
    _by_hand(copy, *cut)
    assert _verify(copy)[0] == 1


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM seal", "DELETE FROM audit", "UPDATE audit SET address = ''", "UPDATE seal_head SET seal_no = 1"],
)
def test_the_store_itself_refuses_it(copy: Path, statement: str) -> None:
    with closing(sqlite3.connect(copy)) as connection, pytest.raises(sqlite3.IntegrityError, match="never changed"):
        connection.execute(statement)


def test_taken_out_guards_are_remarked(copy: Path) -> None:
    _by_hand(copy)
    code, said = _verify(copy)
    assert (code, "never changed" in said or "migrate" in said) == (0, True), said
