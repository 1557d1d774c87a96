"""Every command, option, target, path and link that a message, a text or a page of the documentation names exists."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import typer

from dopusk.cli import COMMANDS, build
from tests.documents.commands import dopusk_lines, make_targets, targets_there_are, wrong_in
from tests.documents.pages import ROOT, anchors, broken_tables, pages, text_of
from tests.documents.paths import ELSEWHERE, missing_of

FOLDERS = ("central", "dopusk", "drivers", "kiosk_ui", "signer", "sync", "terminal", "config")


@pytest.fixture(scope="module")
def top() -> click.Command:
    return typer.main.get_group(build(COMMANDS))


def _texts() -> Iterator[tuple[str, str]]:
    for page in pages():
        yield str(page.relative_to(ROOT)), text_of(page)
    for file in (file for folder in FOLDERS for file in (ROOT / folder).rglob("*")):
        if file.suffix in (".py", ".toml", ".service", ".html"):
            yield str(file.relative_to(ROOT)), file.read_text(encoding="utf-8")


def test_every_command_and_option_that_is_named_exists(top: click.Command) -> None:
    named = [(place, line) for place, text in _texts() for line in dopusk_lines(text)]
    assert len(named) > 100
    assert [f"{place}: dopusk {line}: {wrong}" for place, line in named if (wrong := wrong_in(line, top))] == []


def test_every_target_of_make_that_is_named_exists() -> None:
    named = [(place, target) for place, text in _texts() for target in make_targets(text)]
    assert len(named) > 15
    assert [f"{place}: make {target}" for place, target in named if target not in targets_there_are()] == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_everything_that_a_page_names_exists(page: Path) -> None:
    assert list(missing_of(page, text_of(page))) == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_table_of_a_page_is_shown_as_one(page: Path) -> None:
    assert list(broken_tables(text_of(page))) == []


def test_a_broken_table_is_found() -> None:
    whole = "| a | b |\n|---|---|\n| 1 | `x \\| y` |\n"
    assert list(broken_tables(whole)) == []
    assert list(broken_tables(whole + "\n| 3 | 4 |\n")) == ["| 3 | 4 |"]
    assert list(broken_tables(whole + "| 3 | 4 | 5 |\n")) == ["| 3 | 4 | 5 |"]


def test_what_stands_elsewhere_is_still_named() -> None:
    told = "".join(text_of(page) for page in pages())
    assert [name for name in ELSEWHERE if f"`{name}`" not in told] == []


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("central terminal code kiosk-7", "terminal"),
        ("terminal pinn", "pinn"),
        ("central serve --confg central.toml", "--confg"),
        ("demo --once --headles", "--headles"),
        ("central register organisation zarya --nam x \\\n  -c central.toml", "--nam"),
        ("central serve -c central.toml", None),
        ("verify central.toml --seal-head NO:HASH", None),
    ],
)
def test_a_command_that_does_not_exist_is_found(line: str, wrong: str | None, top: click.Command) -> None:
    (found,) = dopusk_lines(f"`dopusk {line}`")
    assert wrong_in(found, top) == wrong


def test_names_that_lead_nowhere_are_found() -> None:
    page = ROOT / "docs" / "made_up.md"
    wrong = [
        "`central/people/limit.py`",
        "`singletons.py`",
        "`tests/unit/test_named_commands.py::test_nothing`",
        "`central.core.supervisor`",
        "ADR 9999",
        "[a page](architektur.md)",
        "[a heading](architecture.md#rooms-of-the-center)",
        "```sh\ncp /opt/dopusk/config/systemd/nothing.service /etc\n```",
        "restart `dopusk-central`",
    ]
    right = [
        "`central/people/limits.py`",
        "`docs/architecture.md`",
        "`test_named_commands.py::test_names_that_lead_nowhere_are_found`",
        "`central.core.supervision.Supervised`",
        "ADR 0170",
        "[a heading](architecture.md#rooms-of-the-centre)",
        "`config/*.toml`",
        "`mg/L` and `a/b` and `dopusk.exam/1`",
        "```sh\nsystemctl start dopusk-centre dopusk-ingest@1 dopusk-upkeep.timer\n```",
    ]
    for words, count in (*((one, 1) for one in wrong), *((one, 0) for one in right)):
        assert len(list(missing_of(page, words))) == count, words


def test_anchors_are_those_of_the_headings(tmp_path: Path) -> None:
    page = tmp_path / "one.md"
    page.write_text("# What it is, and `why`\n\n## Twice\n\n## Twice\n\n```sh\n# no heading\n```\n", encoding="utf-8")
    assert anchors(page) == {"what-it-is-and-why", "twice", "twice-1"}
