"""Heads and pictures before a simulated camera, and the rules of the prompts. Rates over many trials: `make bench`."""

from collections import Counter
from itertools import pairwise

import cv2
import numpy as np
import pytest

from dopusk.lab.bench.liveness import one_trial
from simulators.camera import DEFAULT_PHOTOS
from simulators.camera_attacks import ATTACKS, genuine
from simulators.camera_scenes import Portrait
from terminal.face.detection import Box
from terminal.face.engines.dlib_engine import DlibEngine
from terminal.face.liveness import LivenessCheck, LivenessLimits, PromptResult, draw_prompts, judge_prompts
from terminal.face.liveness_session import LivenessSession
from terminal.face.relief import relief_of


@pytest.fixture(scope="module")
def portraits() -> list[Portrait]:
    return [Portrait.load(path) for path in DEFAULT_PHOTOS.values()]


def test_living_people_pass(engine: DlibEngine, portraits: list[Portrait]) -> None:
    outcomes = Counter(one_trial(genuine, portraits, engine, seed).outcome for seed in range(4))
    assert outcomes["live"] >= 3
    assert outcomes["not_live"] == 0


@pytest.mark.parametrize(
    ("kind", "trials"), [("flat_photo", 3), ("bent_photo", 2), ("still_screen", 2), ("eye_holes", 2)]
)
def test_pictures_do_not(kind: str, trials: int, engine: DlibEngine, portraits: list[Portrait]) -> None:
    outcomes = [one_trial(ATTACKS[kind], portraits, engine, seed).outcome for seed in range(trials)]
    assert "live" not in outcomes
    if kind == "flat_photo":
        assert "not_live" in outcomes


def solid(yaw: float, depth: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Points on a paraboloid of the given depth and where they are after a turn; units are eye distances."""
    x, y = rng.uniform(-0.9, 0.9, (2, 80))
    z = -depth * (1 - 0.5 * (x**2 + y**2))
    angle = np.radians(yaw)
    turned_x, turned_z = x * np.cos(angle) + z * np.sin(angle), z * np.cos(angle) - x * np.sin(angle)
    scale = 10 / (10 + turned_z)
    before = np.column_stack([x, y]) * (10 / (10 + z))[:, None]
    return before.astype(np.float32), np.column_stack([turned_x * scale, y * scale]).astype(np.float32)


@pytest.mark.parametrize("yaw", [-25.0, -12.0, 12.0, 25.0])
def test_geometry_tells_a_plane_from_a_bulge(yaw: float) -> None:
    rng = np.random.default_rng(int(yaw) + 100)
    flat, round_ = relief_of(*solid(yaw, 0.0, rng)), relief_of(*solid(yaw, 1.0, rng))
    assert flat is not None
    assert round_ is not None
    assert flat.residual < 0.002 < 0.02 < round_.residual
    assert np.sign(round_.turn) == -np.sign(yaw)
    assert abs(round_.turn) > 3 * abs(flat.turn)


def test_prompts_are_random_vary_and_hold_a_turn() -> None:
    drawn = Counter(draw_prompts(3) for _ in range(400))
    assert len(drawn) == 8
    for prompts in drawn:
        assert prompts[0] in ("turn_left", "turn_right")
        assert all(one != other for one, other in pairwise(prompts))


def result(code: str) -> PromptResult:
    return PromptResult("turn_left", code, 1.0, 0.1, 0.02, 1.0)


@pytest.mark.parametrize(
    ("codes", "outcome"),
    [
        (["done", "done"], "live"),
        (["done"], "unclear"),
        ([], "unclear"),
        (["done", "no_answer"], "unclear"),
        (["wrong_way"], "unclear"),
        (["lost"], "unclear"),
        (["unasked"], "unclear"),
        (["flat"], "not_live"),
        (["done", "too_soon"], "not_live"),
        (["repeated"], "not_live"),
    ],
)
def test_only_a_full_set_of_answers_is_alive(codes: list[str], outcome: str) -> None:
    assert judge_prompts(("turn_left", "turn_right"), [result(code) for code in codes]).outcome == outcome


def test_an_answer_before_the_question_can_be_read_is_a_replay(portraits: list[Portrait], engine: DlibEngine) -> None:
    actor = genuine(portraits[:1], np.random.default_rng(4))
    actor.prompt(-0.7, "turn_left")  # the head is on its way already when the prompt appears
    session = LivenessSession(engine, ("turn_left", "turn_right"), LivenessLimits(soonest_s=0.5))
    t_s = 0.0
    while not session.over:
        session.feed(t_s, actor.picture(t_s))
        t_s += 1 / 12
    assert session.result().outcome != "live"


def test_who_turns_again_and_again_while_nothing_is_asked_is_left_to_the_medic(
    portraits: list[Portrait], engine: DlibEngine
) -> None:
    """A recording cannot know when it has to be still."""
    actor = genuine(portraits[:1], np.random.default_rng(4))
    for number in range(8):
        actor.prompt(0.3 + 2.5 * number, ("turn_left", "turn_right")[number % 2])
    session = LivenessSession(engine, ("turn_left", "turn_right"), LivenessLimits(pause_s=(30.0, 30.0)))
    t_s, shown = 0.0, False
    while not session.over:
        session.feed(t_s, actor.picture(t_s))
        shown = shown or session.showing is not None
        t_s += 1 / 12
    assert not shown
    assert (session.result().outcome, session.result().reason) == ("unclear", "unasked")


def test_a_frozen_picture_is_no_answer() -> None:
    grey = cv2.GaussianBlur(np.random.default_rng(1).integers(0, 255, (240, 320), np.uint8), (0, 0), 2)
    check = LivenessCheck(("turn_left",))
    check.begin(0.0, grey, Box(60, 20, 200, 200, 1.0), 80)
    at_s = 0.0
    while check.see(at_s, grey) is None:
        at_s += 0.1
    assert check.result().outcome == "unclear"
    assert check.results[0].code == "no_answer"
    with pytest.raises(ValueError, match="begin"):
        LivenessCheck(("turn_left",)).see(0.0, grey)


def test_nobody_there_ends_in_time(engine: DlibEngine) -> None:
    session = LivenessSession(engine, draw_prompts(2), give_up_s=5.0)
    wall = np.full((480, 640, 3), 160, np.uint8)
    for tenth in range(80):
        session.feed(tenth / 10, wall)
    assert session.over
    assert session.showing is None
    assert (session.result().outcome, session.result().reason) == ("unclear", "not_finished")
