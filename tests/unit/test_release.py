"""What was released stays as it was: the steps of the store. All places that tell the version tell the same."""

import re
import tomllib
from datetime import date

import pytest

from tests.documents.pages import ROOT
from tests.documents.released import faults, listed, steps, version

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


def test_both_distributions_have_one_version_and_ask_for_each_other() -> None:
    program = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    laboratory = tomllib.loads((ROOT / "dopusk" / "lab" / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert program["version"] == laboratory["version"]
    assert program["optional-dependencies"]["lab"] == [f"dopusk-lab=={version()}"]
    assert laboratory["dependencies"] == [f"dopusk=={version()}"]


def test_the_newest_release_of_the_changelog_is_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    sections = re.findall(r"^## \[([^]]+)\](?: - (\S+))?$", text, re.MULTILINE)
    assert sections[0] == ("Unreleased", "")
    assert sections[1][0] == version()
    days = [date.fromisoformat(day) for _, day in sections[1:]]
    assert days == sorted(days, reverse=True)
    assert version() in listed()
