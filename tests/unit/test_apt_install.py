"""Debian packages are installed by one script, which waits for another program that uses apt, and says so."""

import os
import re
import subprocess
from pathlib import Path

from tests.waiting import LONGEST_S

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "apt-install.sh"
_APT = """#!/usr/bin/env bash
echo "$@" >> "$CALLS"
if [ "$(wc -l < "$CALLS")" -le "$BUSY" ]; then
  echo "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 4711 (unattended-upgr)"; exit 100
fi
[ -z "$BROKEN" ] || { echo "E: Unable to locate package nowhere"; exit 100; }
"""
_ABSENT = "#!/bin/sh\nexit 1\n"
_DONE = '#!/bin/sh\n[ "$1" = -u ] && echo 0\nexit 0\n'


def _install(folder: Path, *, busy: int = 0, broken: str = "", wait_s: int = 600) -> tuple[int, str, list[str]]:
    """Run the script with an apt of our own; exit code, what it says, and the calls of apt."""
    programs = folder / "bin"
    programs.mkdir()
    for name, text in {"apt-get": _APT, "dpkg-query": _ABSENT, "id": _DONE, "sleep": _DONE}.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    calls = folder / "calls"
    calls.touch()
    given = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "CALLS": str(calls),
        "BUSY": str(busy),
        "BROKEN": broken,
        "APT_POLICY_FILE": str(folder / "policy"),
    }
    done = subprocess.run(
        [SCRIPT, "tree"],
        env=os.environ | given | {"APT_WAIT_S": str(wait_s)},
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    return done.returncode, done.stderr, calls.read_text().splitlines()


def test_a_lock_of_another_program_is_waited_for_and_said_once(tmp_path: Path) -> None:
    code, said, calls = _install(tmp_path, busy=3)
    assert code == 0, said
    assert said.count("another program is using apt (held by process 4711 (unattended-upgr)); waiting") == 1
    assert [call.split()[2] for call in calls] == ["update"] * 4 + ["install"]


def test_a_lock_that_never_goes_ends_in_words(tmp_path: Path) -> None:
    code, said, _ = _install(tmp_path, busy=1000, wait_s=0)
    assert code != 0
    assert "still in use" in said
    assert "held by process 4711" in said


def test_any_other_fault_is_not_waited_for(tmp_path: Path) -> None:
    code, said, calls = _install(tmp_path, broken="yes")
    assert code != 0
    assert "Unable to locate package" in said
    assert len(calls) == 1


def test_every_call_of_apt_goes_through_the_script() -> None:
    files = [ROOT / "Makefile", ROOT / "setup.sh", *(ROOT / "tests").rglob("*.py"), *(ROOT / "dopusk").rglob("*.py")]
    files += [path for path in ROOT.glob("*.sh") if path != SCRIPT]
    calling = re.compile(r"\bapt(?:-get)? (?:-\S+ )*(?:install|update|upgrade)\b")
    assert [str(path) for path in files if path != Path(__file__) and calling.search(path.read_text("utf-8"))] == []
    assert "./apt-install.sh" in (ROOT / "setup.sh").read_text()
    assert "./apt-install.sh" in (ROOT / "Makefile").read_text()
