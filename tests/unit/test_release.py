"""What was released stays as it was: the steps of the store."""

import pytest

from tests.documents.released import faults, listed, steps

AS_RELEASED = {"0.1.0": {"0001_first.py": "aa"}, "0.2.0": {"0002_second.py": "bb"}}


def test_no_released_step_is_edited() -> None:
    assert faults(listed(), steps()) == []


def test_the_first_step_is_released() -> None:
    assert next(iter(steps())) in {name for release in listed().values() for name in release}


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ({"0001_first.py": "aa", "0002_second.py": "bb", "0003_third.py": "cc"}, []),
        ({"0001_first.py": "ab", "0002_second.py": "bb"}, ["0001_first.py was released and is changed"]),
        ({"0002_second.py": "bb"}, ["0001_first.py was released and is gone"]),
        (
            {"0001_first.py": "aa", "0001_other.py": "cc", "0002_second.py": "bb"},
            ["0001_other.py is new and stands before"],
        ),
    ],
)
def test_an_edited_step_is_found(now: dict[str, str], words: list[str]) -> None:
    found = faults(AS_RELEASED, now)
    assert len(found) == len(words)
    assert all(fault.startswith(start) for fault, start in zip(found, words, strict=True))
