"""The pages that are made from the code are up to date, and say of every table what it is for and who owns it."""

import re
import sqlite3
import tomllib
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from central.core.ground_rules import shipped_kinds
from tests.documents import centre_schema, terminal_schema
from tests.documents.decisions import FOLDER, BadDecision, page, read
from tests.documents.made import MADE
from tests.documents.pages import ROOT, tracked
from tests.documents.wording import MOST_LINES, faults_of, surroundings_in, unstyled


@pytest.mark.parametrize("file", MADE, ids=lambda file: file.name)
def test_the_page_is_as_it_would_be_made_now(file: Path) -> None:
    assert file.read_text(encoding="utf-8") == MADE[file](), "run: python -m tests.documents --write"


def test_every_decision_is_in_the_index() -> None:
    files = [file for file in FOLDER.glob("*.md") if file.name not in ("README.md", "COPYME.md")]
    assert [file.name for file in files if f"({file.name})" not in page()] == []
    assert len(files) > 70


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("# 7. Short\n\nStatus: accepted, 2026-11-22.\n\n## Context\n", "COPYME"),
        ("# 0007. No sections\n\nStatus: accepted, 2026-11-22.\n\n## Context\n", "COPYME"),
        ("# 0007. No status\n\n## Context\n\n## Decision\n\n## Consequences\n", "COPYME"),
        (
            "# 0008. Other\n\nStatus: accepted, 2026-11-22.\n\n## Context\n\n## Decision\n\n## Consequences\n",
            "the number 0008",
        ),
    ],
)
def test_a_decision_of_another_form_is_named(text: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "0007-one.md"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadDecision, match=f"0007-one.md.*{words}"):
        read(file)


def test_every_table_says_what_it_is_for_and_whose_it_is() -> None:
    told = [(name, owner.module, owner.purpose) for name, owner in centre_schema.owners().items()]
    told += [(one.name, one.module, one.purpose) for one in terminal_schema.kept()]
    assert {table.name for table in centre_schema.tables()} <= {name for name, _, _ in told}
    for name, module, purpose in told:
        assert (ROOT / module.replace(".", "/")).with_suffix(".py").exists(), name
        assert len(purpose.split()) > 2, name


def test_the_statements_make_the_tables() -> None:
    with closing(sqlite3.connect(":memory:")) as centre:
        centre.executescript(_on_sqlite((ROOT / "docs" / "schema.sql").read_text(encoding="utf-8")))
        assert _tables(centre) == {table.name for table in centre_schema.tables()}
    with closing(sqlite3.connect(":memory:")) as terminal:
        terminal.executescript((ROOT / "docs" / "schema-terminal.sql").read_text(encoding="utf-8"))
        assert _tables(terminal) == {one.name for one in terminal_schema.kept()}


def _on_sqlite(statements: str) -> str:
    """With the line of SQLite in place of each line that it has otherwise."""
    return re.sub(r"^[^\n]+\n    -- SQLite: ([^\n]*)", r"\1", statements, flags=re.MULTILINE)


def _tables(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_the_glossary_is_in_order_and_has_one_word_for_one_thing() -> None:
    words = [english for english, _, _ in _rows()]
    assert words == sorted(words, key=str.lower)
    single = [
        word for english, _, _ in _rows() for word in re.split(r", | / ", re.sub(r" \(.*\)", "", english).lower())
    ]
    assert [word for word in single if single.count(word) > 1] == []


@pytest.mark.parametrize("table", ["nav", "role", "outcome", "exam_type", "paper.kind"])
def test_the_words_of_the_console_are_in_the_glossary(table: str) -> None:
    found: Any = tomllib.loads((ROOT / "central" / "words" / "texts" / "ru.toml").read_text(encoding="utf-8"))
    for key in table.split("."):
        found = found[key]
    told = " ".join(f"{russian} {about}" for _, russian, about in _rows()).lower()
    assert [word for word in found.values() if word.lower() not in told] == []


def test_the_kinds_of_grounds_are_in_the_glossary() -> None:
    told = " ".join(f"{russian} {about}" for _, russian, about in _rows()).lower()
    assert [item.ru for item in shipped_kinds().items if item.ru.lower() not in told] == []


def _rows() -> list[list[str]]:
    lines = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines if line.startswith("| ")][1:]


def test_the_pages_keep_the_house_style() -> None:
    assert list(unstyled()) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("# A page\n\nThe medic signs, and his key is closed.\n", 'a person is "they", not "his"'),
        ("# A page\n" + "One line.\n" * (MOST_LINES + 1), f'no heading for {MOST_LINES} lines after "A page"'),
    ],
)
def test_a_page_of_another_style_is_named(text: str, fault: str) -> None:
    assert list(faults_of(text)) == [fault]
    assert list(faults_of("# A page\n" + "One line.\n" * MOST_LINES + "## Next\n" + "One line.\n" * MOST_LINES)) == []


@pytest.mark.parametrize("words", ["see issue {}12", "as in {}123", "/{}root/notes", "https://{}pypi.example/simple"])
def test_the_surroundings_of_the_makers_are_named(words: str) -> None:
    """The words are put together here, so that this file does not contain them."""
    text = words.format("#" if "12" in words else "")
    assert len(list(surroundings_in(text))) == 1
    assert list(surroundings_in("a certificate request (PKCS #10), colour #123456, /var/lib/dopusk, byte 0x12")) == []


ROOT_HOLDS = frozenset(
    {
        *("central", "dopusk", "drivers", "kiosk_ui", "signer", "simulators", "sync", "terminal", "tests"),
        *(".ci", "config", "docs", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "SECURITY.md"),
        *("Makefile", "apt-install.sh", "setup.sh", "pyproject.toml", "requirements.in", "requirements.lock"),
        *("requirements-dev.in", "requirements-dev.lock", ".editorconfig", ".gitignore", ".pre-commit-config.yaml"),
    }
)


def test_the_root_holds_what_a_newcomer_looks_for_and_nothing_that_a_run_left_there() -> None:
    """What a test or a try writes beside the sources is committed sooner or later."""
    assert {name.split("/")[0] for name in tracked()} == ROOT_HOLDS
    assert [name for name in tracked() if not re.fullmatch(r"[\w./@-]+", name)] == []
