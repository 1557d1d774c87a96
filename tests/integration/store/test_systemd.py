"""The systemd units call commands that exist, come back after any end, and may write nowhere but to their own data."""

import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dopusk.cli import build

FOLDER = Path(__file__).resolve().parents[3] / "config" / "systemd"
ROOTS_OWN = "dopusk-revocation"
"""The one unit that runs as root. It runs no program of ours."""
UNITS = sorted(unit for unit in FOLDER.glob("*.service") if unit.stem != ROOTS_OWN)


def _lines(unit: Path, key: str) -> list[str]:
    lines = unit.read_text(encoding="utf-8").splitlines()
    return [line.removeprefix(f"{key}=") for line in lines if line.startswith(f"{key}=")]


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_every_command_of_a_unit_exists_with_its_options(unit: Path) -> None:
    for line in _lines(unit, "ExecStart"):
        program, *words = shlex.split(line.removeprefix("-"))
        assert program.endswith("/dopusk")
        command = [word for word in words[:2]]
        shown = CliRunner().invoke(build([words[0]]), [*command, "--help"], env={"COLUMNS": "200"})
        assert shown.exit_code == 0, shown.output
        for option in (word for word in words if word.startswith("--")):
            assert option in shown.output


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_units_are_fenced_in_and_come_back(unit: Path) -> None:
    assert _lines(unit, "ProtectSystem") == ["strict"]
    assert _lines(unit, "NoNewPrivileges") == ["yes"]
    assert _lines(unit, "User") == ["dopusk"]
    assert _lines(unit, "Type") == ["oneshot"] or _lines(unit, "Restart") == ["always"]


def test_a_job_that_is_short_of_memory_does_not_end_the_console() -> None:
    unit = FOLDER / "dopusk-centre.service"
    assert _lines(unit, "OOMPolicy") == ["continue"]
    assert _lines(unit, "KillMode") == ["mixed"]


def test_there_are_units_for_all_processes() -> None:
    assert {unit.stem for unit in UNITS} >= {"dopusk-kiosk", "dopusk-sync", "dopusk-ingest@", "dopusk-centre"}


def test_the_broker_gets_the_revocation_list_by_a_unit_that_can_do_nothing_else() -> None:
    unit = FOLDER / f"{ROOTS_OWN}.service"
    programs = [shlex.split(line)[0] for line in _lines(unit, "ExecStart")]
    assert programs == ["/usr/bin/install", "/usr/bin/systemctl"]
    assert _lines(unit, "ProtectSystem") == ["strict"]
    assert _lines(unit, "ReadWritePaths") == ["/etc/mosquitto/certs"]
    watch = FOLDER / f"{ROOTS_OWN}.path"
    assert _lines(watch, "Unit") == [unit.name]
    (watched,) = _lines(watch, "PathChanged")
    assert shlex.split(_lines(unit, "ExecStart")[0])[-2] == watched
