"""The same person from the first step to the last, watched in the background."""

from collections.abc import Callable, Iterator

import pytest

from simulators.camera import CameraSimulator
from terminal.camera import Camera
from terminal.face.continuity import ContinuitySettings, ContinuityWatch, StrangerSeen
from terminal.face.engine import FaceEngine
from terminal.face.engines.choose import open_engine
from tests.integration.face.conftest import wait_until

SETTINGS = ContinuitySettings(every_s=0.1)


def never() -> FaceEngine:
    raise AssertionError("an engine was opened where nothing biometric may be computed")


@pytest.fixture
def watch_of(
    simulator: CameraSimulator, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., ContinuityWatch]]:
    monkeypatch.setenv("DOPUSK_CACHE", str(tmp_path_factory.mktemp("models")))
    camera = Camera(simulator.url)
    wait_until(lambda: camera.latest() is not None, "a picture")
    opened: list[ContinuityWatch] = []

    def open_one(
        post: Callable[[StrangerSeen], None], engine: Callable[[], FaceEngine] = open_engine
    ) -> ContinuityWatch:
        opened.append(ContinuityWatch(camera, post, engine, SETTINGS))
        return opened[-1]

    yield open_one
    for watch in opened:
        watch.close()
    camera.close()


def test_another_person_who_steps_in_is_reported_once(
    simulator: CameraSimulator, watch_of: Callable[..., ContinuityWatch]
) -> None:
    posted: list[StrangerSeen] = []
    watch = watch_of(posted.append)
    watch.begin("exam-1", may_compare=True)
    watch.step("temperature")
    seen = watch._exam
    assert seen is not None
    wait_until(lambda: seen.summary.looks.get("temperature", {}).get("same", 0) >= 3, "the first looks")
    assert posted == []
    watch.step("breath")
    simulator.scene("person:grace")
    wait_until(lambda: bool(posted), "the change to be noticed")
    wait_until(lambda: seen.summary.looks["breath"]["other"] >= 4, "further looks")
    summary = watch.end()
    assert summary is not None
    assert len(posted) == 1
    assert (posted[0].exam_id, posted[0].label) == ("exam-1", "breath")
    assert posted[0].score < posted[0].threshold
    assert posted[0].jpeg.startswith(b"\xff\xd8")
    assert watch.end() is None


def test_without_permission_only_presence_is_counted(
    simulator: CameraSimulator, watch_of: Callable[..., ContinuityWatch]
) -> None:
    posted: list[StrangerSeen] = []
    watch = watch_of(posted.append, never)
    watch.begin("exam-2", may_compare=False)
    watch.step("pressure")
    seen = watch._exam
    assert seen is not None
    for scene, outcome in (
        ("person:eileen", "present"),
        ("nobody", "nobody"),
        ("two_people:eileen,grace", "several"),
    ):
        simulator.scene(scene)
        wait_until(lambda outcome=outcome: seen.summary.looks.get("pressure", {}).get(outcome, 0) >= 1, outcome)
    assert posted == []
    assert seen.references == []
