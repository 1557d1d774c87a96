"""What a service engineer may mistype or miss ends in a line with a reason, never in a traceback, and leaves nothing behind."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from dopusk.cli import COMMANDS, build
from simulators.camera import DEFAULT_PHOTOS
from tests.unit.terminal.test_config import EXAMPLE

TERMINAL = (
    "status -c {toml}",
    "status -c {toml} --json",
    "status -c {nowhere}",
    "status -c {folder}",
    "status -c {bytes}",
    "release -c {toml} nothing",
    "tidy -c {toml}",
    "recover -c {toml}",
    "recover -c {toml} {nowhere}",
    "recover -c {toml} {bytes}",
    "renew -c {toml} --centre nonsense",
    "enrol --code nonsense --centre nonsense",
    "enrol --code AAAA-AAAA-AAAA-AAAA-AAAA --centre http://127.0.0.1:9 --folder {bytes}",
    "check-config -c {nowhere}",
    "check-config -c {folder}",
    "check-config -c {bytes}",
    "check-config -c {toml}",
    "run -c {toml}",
    "sync -c {toml}",
    "devices check -c {nowhere}",
    "devices record nothing /dev/null --out {folder}/x.jsonl",
    "devices record dingo_e200 /dev/null --out {bytes}/x.jsonl",
)
FACE = (
    "liveness {folder}",
    "liveness {nowhere}",
    "liveness {bytes}",
    "liveness {sizes} --json",
    "compare {folder} {bytes}",
    "evaluate {bytes} --images {folder}",
    "evaluate {long} --images {folder}",
    "evaluate {folder} --images {folder}",
    "models --from {nowhere} --to {bytes}",
    "compare {sizes}/1.png {sizes}/2.png --engine nothing",
    "compare {sizes}/1.png {sizes}/2.png --engine sface --models {bytes}",
)


@pytest.fixture
def places(tmp_path: Path) -> dict[str, str]:
    made = {name: tmp_path / name for name in ("toml", "folder", "bytes", "sizes", "long", "nowhere")}
    made["folder"].mkdir()
    made["sizes"].mkdir()
    made["bytes"].write_bytes(b"\xff\xfe\x00no\x00")
    made["long"].write_text("file_x,file_y,Decision\n" + "x" * 200_000 + ",y,Yes\n", encoding="utf-8")
    made["toml"].write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    person = cv2.imread(str(DEFAULT_PHOTOS["eileen"]))
    assert isinstance(person, np.ndarray)
    for number, size in enumerate([(640, 480), (320, 240), (320, 240), (640, 480)]):
        cv2.imwrite(str(made["sizes"] / f"{number}.png"), cv2.resize(person, size))
    return {name: str(path) for name, path in made.items()}


@pytest.mark.parametrize("line", [f"terminal {line}" for line in TERMINAL] + [f"face {line}" for line in FACE])
def test_nonsense_is_answered_in_a_line(
    line: str, places: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path / "folder")
    monkeypatch.setenv("DOPUSK_CACHE", str(tmp_path / "cache"))
    before = {path for path in tmp_path.rglob("*") if "cache" not in path.parts}
    arguments = [word.format(**places) for word in line.split()]
    result = CliRunner().invoke(build(COMMANDS), arguments)
    assert isinstance(result.exception, SystemExit | None), result.exception
    assert result.exit_code in (0, 1, 2, 3)
    if result.exit_code:
        assert (result.stderr or result.stdout).strip()
    left = {path for path in tmp_path.rglob("*") if "cache" not in path.parts} - before
    assert [path for path in left if "enrol" not in line] == []


def test_frames_of_two_sizes_are_judged(places: dict[str, str]) -> None:
    result = CliRunner().invoke(
        build(COMMANDS), ["face", "liveness", places["sizes"], "--json"], catch_exceptions=False
    )
    assert result.exit_code == 0
    assert '"frames": 4' in result.stdout
