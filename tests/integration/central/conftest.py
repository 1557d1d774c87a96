"""A running centre for the tests of this folder."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simulators.fleet_exam import exam_payload
from tests.broker import ORG, TestCentre, running_centre
from tests.central_store import engine, enrolled, files, intake, postgres, postgres_engine, registry, worker
from tests.lock_watch import Watch, watching

__all__ = ["engine", "enrolled", "files", "intake", "postgres", "postgres_engine", "registry", "worker"]


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[TestCentre]:
    with running_centre(tmp_path) as running:
        yield running


@pytest.fixture
def make_exam(centre: TestCentre) -> Any:
    dice = random.Random(1)

    def make(**changes: Any) -> dict[str, Any]:
        payload = exam_payload(
            dice, org=ORG, worker_id=centre.worker_id, employer_id=centre.employer_id, generation="test"
        )
        return payload | changes

    return make


@pytest.fixture
def make_payload() -> Any:
    dice = random.Random(2)

    def make(centre: TestCentre) -> dict[str, Any]:
        return exam_payload(
            dice, org=ORG, worker_id=centre.worker_id, employer_id=centre.employer_id, generation="test"
        )

    return make


@pytest.fixture(autouse=True)
def lock_watch() -> Iterator[Watch]:
    """Nothing slow is done while the store waits, by whatever thread of the centre a test starts."""
    with watching() as watch:
        yield watch
    assert sorted(set(watch.offences)) == []
