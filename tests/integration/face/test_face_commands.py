"""`dopusk face` as scripts call it: exit codes and the promised fields."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from dopusk.commands.face import app
from dopusk.lab.bench.camera import camera_memory
from dopusk.lab.bench.face import OurWay, StockWay, _errors, _frames
from simulators.camera import DEFAULT_PHOTOS
from simulators.camera_scenes import Portrait, Room, Stage, photo_held
from terminal.face.engines.fetching import MODELS, PinnedModel, is_in_place, put_in_place

EILEEN, GRACE = DEFAULT_PHOTOS["eileen"], DEFAULT_PHOTOS["grace"]


@pytest.fixture(autouse=True, scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOPUSK_CACHE", str(tmp_path_factory.mktemp("models")))
        yield


def run(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return result.stdout


@pytest.fixture
def mirrored(tmp_path: Path) -> Path:
    path = tmp_path / "mirrored.png"
    cv2.imwrite(str(path), cv2.convertScaleAbs(cv2.imread(str(EILEEN))[:, ::-1], alpha=0.7))
    return path


def test_compare_prints_the_promised_fields(mirrored: Path) -> None:
    same = json.loads(run("compare", EILEEN, mirrored, "--json"))
    assert same.keys() == {"same", "score", "threshold", "engine", "quality", "reason"}
    assert same["same"] is True
    assert len(same["quality"]) == 2
    other = json.loads(run("compare", EILEEN, GRACE, "--json"))
    assert other["same"] is False
    assert other["score"] < other["threshold"] < same["score"]
    assert "different people" in run("compare", EILEEN, GRACE)


def test_compare_without_a_face_is_no_answer_and_no_error(tmp_path: Path) -> None:
    wall = tmp_path / "wall.png"
    cv2.imwrite(str(wall), np.full((200, 300, 3), 170, np.uint8))
    result = json.loads(run("compare", EILEEN, wall, "--json"))
    assert (result["same"], result["score"]) == (None, None)
    assert "no_face" in result["reason"]


def test_compare_of_what_is_no_picture_fails_with_the_reason(tmp_path: Path) -> None:
    torn = tmp_path / "torn.jpg"
    torn.write_bytes(EILEEN.read_bytes()[:9000])
    assert "broken" in json.loads(run("compare", EILEEN, torn, "--json", code=2))["reason"]
    assert "missing" in json.loads(run("compare", tmp_path / "none.jpg", EILEEN, "--json", code=2))["reason"]
    run("compare", EILEEN, GRACE, "--engine", "sface", "--models", tmp_path, code=3)
    run("compare", EILEEN, GRACE, "--engine", "magic", code=2)


def test_evaluate_prints_rates(tmp_path: Path, mirrored: Path) -> None:
    for path in (EILEEN, GRACE):
        (tmp_path / path.name).symlink_to(path)
    pairs = tmp_path / "pairs.csv"
    pairs.write_text(
        f"file_x,file_y,Decision\n{EILEEN.name},{mirrored.name},Yes\n{EILEEN.name},{GRACE.name},No\n", "utf-8"
    )
    rates = json.loads(run("evaluate", pairs, "--images", tmp_path, "--json"))
    promised = {"pairs", "failures_to_acquire", "fmr", "fnmr", "accuracy", "threshold", "eer", "ms_per_face"}
    assert promised <= rates.keys()
    assert (rates["pairs"], rates["failures_to_acquire"], rates["accuracy"], rates["eer"]) == (2, 0, 1.0, 0.0)
    run("evaluate", tmp_path / "none.csv", "--images", tmp_path, code=2)


@pytest.mark.parametrize(
    ("what", "outcome"), [("head_swing:eileen", "live"), ("photo", "not_live"), ("nobody", "unclear")]
)
def test_liveness_of_a_folder_of_frames(what: str, outcome: str, tmp_path: Path) -> None:
    room = Room(sway_px=1.0)
    stage = Stage(DEFAULT_PHOTOS, room)
    who = Portrait.load(GRACE)
    for number in range(16):
        t_s = number / 12
        if what == "photo":
            pose = stage._pose(t_s, yaw_degrees=28 * np.sin(t_s))
            picture = room.shoot(photo_held(who, pose, room.wall()))
        else:
            picture = stage.picture(what, t_s)
        cv2.imwrite(str(tmp_path / f"{number:03}.png"), picture)
    verdict = json.loads(run("liveness", tmp_path, "--json"))
    assert (verdict["outcome"], verdict["frames"]) == (outcome, 16)


def test_liveness_of_a_film_and_of_nothing(tmp_path: Path) -> None:
    path = tmp_path / "film.webm"
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"VP80"), 12.0, (640, 480))
    stage = Stage(DEFAULT_PHOTOS, Room(sway_px=1.0, noise=1.0))
    for number in range(18):
        writer.write(stage.picture("head_swing:grace", number / 12))
    writer.release()
    assert json.loads(run("liveness", path, "--json"))["outcome"] == "live"
    run("liveness", tmp_path / "none.mp4", "--json", code=2)


def test_models_are_taken_only_if_they_are_the_pinned_ones(tmp_path: Path) -> None:
    for model in MODELS:
        (tmp_path / model.name).write_bytes(b"not the network")
    target = tmp_path / "target"
    states = json.loads(run("models", "--from", tmp_path, "--to", target, "--json", code=3))
    assert all("not put in place" in states[model.name] for model in MODELS)
    assert list(target.iterdir()) == []
    digest = "ae27b3d2d1f9cb5f8a5a9d6b3c0b0f33"
    fake = PinnedModel("x.onnx", "https://example.invalid/x.onnx", digest)
    assert not is_in_place(fake, tmp_path)
    (tmp_path / "x.onnx").write_bytes(b"abc")
    real = PinnedModel(
        "x.onnx", "https://example.invalid/x.onnx", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    assert put_in_place(real, target, tmp_path) == target / "x.onnx"
    assert is_in_place(real, target)


def test_our_way_errs_no_more_than_the_stock_way() -> None:
    frames = _frames(10)
    ours, stock = _errors(OurWay().embed, frames), _errors(StockWay(0).embed, frames)
    for name in ("missed_faces", "false_matches", "false_non_matches"):
        assert ours[name] <= stock[name], name
    assert ours["pairs"] == 45


def test_the_camera_keeps_no_frames() -> None:
    figures = camera_memory(1_500)
    assert figures["growth_mib"] < 20
    assert figures["threads_more"] == 0
