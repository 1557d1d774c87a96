"""The photographer before simulated scenes: one answer per request, with the right reason."""

import threading
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest

from simulators.camera import CameraSimulator
from sync.contract.exam import FaceCheck
from terminal.camera import Camera
from terminal.face.capture import CameraChanged, FaceHint, FaceMessage, PhotoReady, PhotoUnusable
from terminal.face.framing import FramingLimits, judge
from terminal.face.liveness import LivenessLimits
from terminal.face.photographer import CameraPhotographer, PhotographerSettings, open_photographer
from tests.integration.face.conftest import wait_until
from tests.waiting import LONGEST_S

Open = Callable[..., CameraPhotographer]


@pytest.fixture(autouse=True, scope="module")
def loaded() -> None:
    """The networks are loaded before the clock of a request runs: a busy machine takes seconds for that."""
    judge(np.zeros((120, 160, 3), np.uint8), FramingLimits())


@pytest.fixture
def photographer_of(simulator: CameraSimulator, messages: list[FaceMessage]) -> Iterator[Open]:
    opened: list[tuple[CameraPhotographer, Camera]] = []

    def open_one(**times: float) -> CameraPhotographer:
        camera = Camera(simulator.url)
        wait_until(lambda: camera.state.name != "opening", "the camera's first word")
        patient = {"give_up_s": LONGEST_S, "no_camera_s": LONGEST_S}
        photographer = open_photographer(camera, messages.append, PhotographerSettings(**(patient | times)))
        opened.append((photographer, camera))
        return photographer

    yield open_one
    for photographer, camera in opened:
        photographer.close()
        camera.close()
    wait_until(lambda: all(thread.name != "photographer" for thread in threading.enumerate()), "the threads to end")


def answers(messages: list[FaceMessage]) -> list[PhotoReady | PhotoUnusable]:
    return [message for message in messages if isinstance(message, PhotoReady | PhotoUnusable)]


def test_a_person_gets_a_photo(messages: list[FaceMessage], photographer_of: Open) -> None:
    photographer_of().begin("r1", "w1", may_compare=False)
    wait_until(lambda: bool(answers(messages)), "the photo")
    ready = answers(messages)[0]
    assert isinstance(ready, PhotoReady)
    assert ready.request_id == "r1"
    assert (ready.face.outcome, ready.face.faces_found, ready.face.score) == ("not_compared", 1, None)
    assert len(ready.jpeg) <= 500_000
    assert cv2.imdecode(np.frombuffer(ready.jpeg, np.uint8), cv2.IMREAD_COLOR).shape == (480, 640, 3)
    assert CameraChanged("ready") in messages


@pytest.mark.parametrize(
    ("scene", "code", "hint"),
    [
        ("nobody", "no_face", "no_face"),
        ("two_people:eileen,grace", "several_faces", "several_faces"),
        ("far:eileen", "too_far", "closer"),
        ("side:eileen", "off_centre", "look_here"),
        ("dark:eileen", "dark", "light"),
        ("black", "dark", "light"),
        ("blurred:grace", "blurred", "hold"),
    ],
)
def test_what_is_wrong_is_said(
    scene: str, code: str, hint: str, simulator: CameraSimulator, messages: list[FaceMessage], photographer_of: Open
) -> None:
    simulator.scene(scene)
    photographer_of(give_up_s=2.5).begin("r1", "w1", may_compare=False)
    wait_until(lambda: bool(answers(messages)), "an answer")
    assert isinstance(refused := answers(messages)[0], PhotoUnusable)
    assert refused.code == code
    assert refused.jpeg is not None
    hints = [message.code for message in messages if isinstance(message, FaceHint)]
    assert hint in hints
    assert len(hints) <= 4


def test_without_a_camera_the_exam_does_not_wait(
    simulator: CameraSimulator, messages: list[FaceMessage], photographer_of: Open
) -> None:
    simulator.scene("gone")
    photographer_of(no_camera_s=0.5).begin("r1", "w1", may_compare=False)
    wait_until(lambda: bool(answers(messages)), "an answer")
    assert answers(messages) == [PhotoUnusable("r1", "no_camera", None)]
    wait_until(lambda: any(isinstance(m, CameraChanged) and m.state == "absent" for m in messages), "the reason")


def test_a_worker_who_steps_up_late_is_photographed(
    simulator: CameraSimulator, messages: list[FaceMessage], photographer_of: Open
) -> None:
    simulator.scene("nobody")
    photographer_of().begin("r1", "w1", may_compare=False)
    wait_until(lambda: any(isinstance(m, FaceHint) for m in messages), "a hint")
    simulator.scene("person:grace")
    wait_until(lambda: bool(answers(messages)), "the photo")
    assert isinstance(answers(messages)[0], PhotoReady)


def test_a_cancelled_request_is_not_answered_and_a_new_one_is(
    simulator: CameraSimulator, messages: list[FaceMessage], photographer_of: Open
) -> None:
    simulator.scene("nobody")
    photographer = photographer_of()
    photographer.begin("r1", "w1", may_compare=False)
    wait_until(lambda: any(isinstance(m, FaceHint) for m in messages), "a hint")
    photographer.cancel()
    photographer.begin("r2", "w1", may_compare=False)
    simulator.scene("person:eileen")
    wait_until(lambda: bool(answers(messages)), "the photo")
    assert [answer.request_id for answer in answers(messages)] == ["r2"]


def answer_prompts(simulator: CameraSimulator, messages: list[FaceMessage], prefix: str = "") -> None:
    """Play what the screen asks for, as a scripted worker would, until the answer is there."""
    played: list[str] = []
    while not answers(messages):
        wait_until(lambda: bool(answers(messages)) or len(prompts_of(messages)) > len(played), "a prompt or the answer")
        if (prompts := prompts_of(messages)[len(played) :]) and not answers(messages):
            played.append(prompts[0])
            simulator.scene(f"{prefix if prompts[0] != 'closer' else ''}{prompts[0]}:eileen")


def prompts_of(messages: list[FaceMessage]) -> list[str]:
    codes = ("turn_left", "turn_right", "closer")
    return [message.code for message in messages if isinstance(message, FaceHint) and message.code in codes]


def test_a_living_worker_follows_the_prompts(
    simulator: CameraSimulator, messages: list[FaceMessage], photographer_of: Open
) -> None:
    simulator.room.sway_px = 1.0
    simulator.scene("head:eileen")
    photographer_of(liveness=True).begin("r1", "w1", may_compare=False)
    answer_prompts(simulator, messages)
    assert isinstance(ready := answers(messages)[0], PhotoReady)
    assert (ready.face.liveness, ready.face.outcome) == ("live", "not_compared")
    assert len(prompts_of(messages)) == LivenessLimits().prompts


def test_a_photo_that_is_turned_is_found_out(
    simulator: CameraSimulator, messages: list[FaceMessage], photographer_of: Open
) -> None:
    simulator.room.sway_px = 1.0
    photographer_of(liveness=True).begin("r1", "w1", may_compare=False)
    answer_prompts(simulator, messages, "photo_")
    assert isinstance(ready := answers(messages)[0], PhotoReady)
    assert ready.face.liveness in ("not_live", "unclear")
    assert ready.face.reason in ("flat", "no_answer")


def test_comparison_runs_only_when_it_may(simulator: CameraSimulator, messages: list[FaceMessage]) -> None:
    asked: list[tuple[str, int]] = []

    class Comparer:
        def compare(self, worker_id: str, frames: list[object]) -> FaceCheck:
            asked.append((worker_id, len(frames)))
            return FaceCheck(outcome="same", faces_found=1, score=0.7, threshold=0.45, engine="test")

    camera = Camera(simulator.url)
    patient = PhotographerSettings(give_up_s=LONGEST_S, no_camera_s=LONGEST_S)
    photographer = open_photographer(camera, messages.append, patient, make_comparer=Comparer)
    try:
        photographer.begin("r1", "w1", may_compare=False)
        wait_until(lambda: len(answers(messages)) == 1, "the first photo")
        assert asked == []
        photographer.begin("r2", "w2", may_compare=True)
        wait_until(lambda: len(answers(messages)) == 2, "the second photo")
    finally:
        photographer.close()
        camera.close()
    assert asked == [("w2", 3)]
    assert [answer.face.outcome for answer in answers(messages)] == ["not_compared", "same"]
