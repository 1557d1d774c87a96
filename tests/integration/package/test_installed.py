"""The built package, installed away from the checkout: whatever its programs read travels with them.

The environment holds the package that was built from a copy of the sources, and the libraries; nothing of the checkout can help.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from dopusk.cli import COMMANDS, LAB
from dopusk.lab.broker import free_port
from tests.waiting import until

ROOT = Path(__file__).parents[3]
SOURCES = ("drivers", "terminal", "sync", "kiosk_ui", "central", "signer", "simulators", "dopusk", "config")
pytestmark = pytest.mark.timeout(540)


@dataclass(frozen=True)
class Wheels:
    """The two distributions that are made of the sources."""

    dopusk: Path
    laboratory: Path


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Wheels:
    folder = tmp_path_factory.mktemp("build")
    sources = folder / "sources"
    for name in SOURCES:
        shutil.copytree(ROOT / name, sources / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    for name in ("LICENSE", "pyproject.toml", "requirements.in", "README.md"):
        shutil.copy(ROOT / name, sources / name)
    for project in (sources, sources / "dopusk" / "lab"):
        command = [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "-q",
            "--no-deps",
            "--no-build-isolation",
            "-w",
            folder,
            project,
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    (dopusk,) = folder.glob("dopusk-*.whl")
    (laboratory,) = folder.glob("dopusk_lab-*.whl")
    return Wheels(dopusk, laboratory)


def _environment(folder: Path, *wheels: Path) -> Path:
    """`python` of an environment with these packages; its libraries are those of this environment."""
    venv.create(folder, with_pip=False, symlinks=True)
    packages = next((folder / "lib").glob("python*/site-packages"))
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(packages)
    # A path alone: what makes the checkout importable from there (a finder of its own) is not run.
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def installed(wheels: Wheels, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As on a terminal or at a centre."""
    return _environment(tmp_path_factory.mktemp("installed"), wheels.dopusk)


@pytest.fixture(scope="module")
def laboratory(wheels: Wheels, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the extra `lab`."""
    return _environment(tmp_path_factory.mktemp("laboratory"), wheels.dopusk, wheels.laboratory)


def run(
    python: Path, folder: Path, *words: str | Path, timeout_s: float = 240, code: int | None = 0
) -> subprocess.CompletedProcess[str]:
    """Run `dopusk` as installed, from an empty folder."""
    command = [python, "-P", "-m", "dopusk", *words]
    kept = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "COLUMNS"}}
    done = subprocess.run(
        command,
        cwd=folder,
        env=kept | {"LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    assert code is None or done.returncode == code, done.stdout[-2000:] + done.stderr[-3000:]
    assert "Traceback" not in done.stderr, done.stderr[-3000:]
    return done


def commands(help_text: str) -> list[str]:
    listed = help_text.partition("Commands")[2]
    return re.findall(r"^│ ([a-z][a-z-]*) ", listed, re.MULTILINE)


def test_nothing_comes_from_the_checkout(installed: Path, tmp_path: Path) -> None:
    source = "import central, config, dopusk, terminal; print(*(one.__file__ for one in (central, config, dopusk, terminal)))"
    done = subprocess.run([installed, "-P", "-c", source], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert str(ROOT) not in done.stdout


def test_each_command_is_there(installed: Path, tmp_path: Path) -> None:
    found = commands(run(installed, tmp_path, "--help").stdout)
    assert {"verify", "terminal", "central"} <= set(found)
    for name in ("terminal", "central", "face"):
        assert commands(run(installed, tmp_path, name, "--help").stdout)


def test_the_manuals_and_their_pictures_travel(installed: Path, tmp_path: Path) -> None:
    names = "from central.words.manual_pages import MANUALS, manual, picture_file as at"
    source = (
        f"{names}; print(len(MANUALS), all(at(one).is_file() for name in MANUALS for one in manual(name).pictures))"
    )
    done = subprocess.run([installed, "-P", "-c", source], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["13", "True"]


def test_neither_terminal_nor_centre_carries_the_laboratory(wheels: Wheels, installed: Path, tmp_path: Path) -> None:
    of_lab = {name for name, place in COMMANDS.items() if place.package == LAB}
    assert of_lab >= {"demo", "simulate", "torture", "bench"}
    assert not of_lab & set(commands(run(installed, tmp_path, "--help").stdout))
    for name in sorted(of_lab):
        assert "dopusk[lab]" in run(installed, tmp_path, name, code=1).stderr
    assert "populate" not in commands(run(installed, tmp_path, "central", "--help").stdout)
    assert "dopusk[lab]" in run(installed, tmp_path, "central", "populate", code=1).stderr
    with zipfile.ZipFile(wheels.dopusk) as archive:
        assert not [name for name in archive.namelist() if name.startswith(("simulators/", "dopusk/lab/"))]
        metadata = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        assert re.search(r"^Requires-Dist: dopusk-lab==.*extra == .lab.", archive.read(metadata).decode(), re.MULTILINE)


def test_the_laboratory_brings_its_commands(laboratory: Path, tmp_path: Path) -> None:
    assert set(COMMANDS) == set(commands(run(laboratory, tmp_path, "--help").stdout))
    assert "populate" in commands(run(laboratory, tmp_path, "central", "--help").stdout)


def test_what_needs_the_sources_says_so(installed: Path, laboratory: Path, tmp_path: Path) -> None:
    assert "checkout" in run(installed, tmp_path, "schemas", code=2).stderr
    assert "checkout" in run(laboratory, tmp_path, "bench", "--only", "devices", code=2).stderr


def test_the_demonstration_plays(laboratory: Path, tmp_path: Path) -> None:
    done = run(laboratory, tmp_path, "demo", "--once", "--headless", "--speed", "30", timeout_s=500)
    assert json.loads(done.stdout.splitlines()[-1])["outcome"] == "admitted"


def test_torture_sets_its_stage(laboratory: Path, tmp_path: Path) -> None:
    done = run(laboratory, tmp_path, "torture", "--rounds", "1", "--seed", "1", "--json", timeout_s=500)
    answer = json.loads(done.stdout.splitlines()[-1])
    assert (answer["lost"], answer["doubled"]) == (0, 0)


@pytest.fixture
def served(installed: Path, tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A new centre, made and started by the installed commands; its folder and address."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    folder = tmp_path / "centre"
    ports = ("--http-port", str(port), "--mqtt-port", str(free_port()))
    run(installed, tmp_path, "central", "init", folder, "--generation", "demo", *ports, "--public-url", address)
    with (tmp_path / "serve.log").open("wb") as log:
        command = [installed, "-P", "-m", "dopusk", "central", "serve", "-c", folder / "central.toml"]
        server = subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=log)
    try:
        assert until(lambda: b"central serve ready" in (tmp_path / "serve.log").read_bytes())
        yield folder / "central.toml", address
    finally:
        server.terminate()
        server.wait()


def test_a_terminal_enrols_at_a_new_centre(installed: Path, served: tuple[Path, str], tmp_path: Path) -> None:
    config, address = served

    def central(*words: str) -> str:
        return run(installed, tmp_path, "central", *words, "-c", config).stdout

    central("register", "organisation", "zarya", "--name", "Медпункт «Заря»", "--licence", "Л041-00000-00/00000000")
    central("terminals", "add", "kiosk-7", "--org", "zarya", "--name", "Проходная", "--place", "Цех 4")
    said = central("terminals", "code", "kiosk-7")
    code = re.findall(r"\b(?:[0-9A-Z]{4,}-){4}[0-9A-Z]{4,}\b", said)[0]
    run(installed, tmp_path, "terminal", "enrol", "--code", code, "--centre", address, "--folder", tmp_path / "kiosk")
    assert (tmp_path / "kiosk" / "terminal.toml").is_file()
    checked = run(
        installed, tmp_path, "terminal", "check-config", "-c", tmp_path / "kiosk" / "terminal.toml", code=None
    )
    assert "Traceback" not in checked.stdout
