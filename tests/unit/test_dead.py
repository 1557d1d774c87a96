"""What nobody uses is named by file and line: each kind is planted, and found."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.dead.code import unused_code
from tests.dead.columns import unread_columns
from tests.dead.found import ROOT
from tests.dead.words import dead_words


def _plant(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content.lstrip("\n"), encoding="utf-8")


@pytest.mark.timeout(120)
def test_nothing_of_the_product_is_dead() -> None:
    done = subprocess.run([sys.executable, "-m", "tests.dead"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


ONE = """
from central.two import asked

class One:
    def run(self):
        return asked()

    def _seal(self):
        return 1

One().run()
"""
TWO = """
def asked():
    return 1

def only_tests_ask():
    return 2

class Forgotten:
    pass
"""
OTHER = """
class Other:
    def _seal(self):
        return 3

    def go(self):
        return self._seal()

Other().go()
"""


def test_code_that_nobody_names_is_found(tmp_path: Path) -> None:
    _plant(tmp_path / "central" / "one.py", ONE)
    _plant(tmp_path / "central" / "two.py", TWO)
    _plant(tmp_path / "central" / "other.py", OTHER)  # uses a private name of its own that is the same
    _plant(tmp_path / "tests" / "test_two.py", "from central.two import Forgotten, only_tests_ask\nonly_tests_ask()\n")
    assert {str(one) for one in unused_code(tmp_path)} == {
        "central/one.py:7: function _seal is used nowhere",
        "central/two.py:4: function only_tests_ask is used nowhere",
        "central/two.py:7: class Forgotten is used nowhere",
    }


ALERTS = """
alert = Table(
    "alert",
    metadata,
    Column("alert_id", Text),
    Column("seen_by", Text),
    Column("at", Text),
)
Index("ix", "seen_by")

def note(connection, who):
    connection.execute(alert.insert().values({"seen_by": who}))
    connection.execute(alert.update().values(seen_by=who).where(alert.c.alert_id == 1))

def read(row):
    return row["at"]
"""
PAPERS = """
paper = Table("paper", metadata, Column("seen_by", Text))
print(paper.c.seen_by)
"""
INBOX = '''
NEW = """
    CREATE TABLE inbox (
        message_id TEXT PRIMARY KEY,
        kind TEXT CHECK (kind IN (1, 2)),
        reason TEXT
    )"""
MORE = "ALTER TABLE inbox ADD COLUMN size INTEGER"
WRITTEN = "INSERT INTO inbox (message_id, kind, reason) VALUES (?, ?, ?)"
CHANGED = "UPDATE inbox SET reason = ? WHERE message_id = ?"
READ = "SELECT message_id, kind FROM inbox"
'''


def test_a_column_that_nobody_reads_is_found(tmp_path: Path) -> None:
    _plant(tmp_path / "central" / "store" / "alerts.py", ALERTS)
    _plant(tmp_path / "central" / "store" / "papers.py", PAPERS)
    _plant(tmp_path / "sync" / "inbox.py", INBOX)
    assert {str(one) for one in unread_columns(tmp_path)} == {
        "central/store/alerts.py:5: column alert.seen_by is used nowhere",
        "sync/inbox.py:5: column inbox.reason is used nowhere",
        "sync/inbox.py:7: column inbox.size is used nowhere",
    }


CATALOGUE = """
[queue]
title = "Очередь"
only_mine = "Мои"

[outcome]
admitted = "Допущен"
gone = "Прежнее"

[role]
medic = "Медик"
king = "Царь"
"""
PAGE = """
def show(item):
    return text("ru", "queue.title") + text("ru", f"outcome.{item}")

STATES, ROLE = ("admitted", "medic"), "role."
print(text("ru", "queue.lost"))
"""


def test_a_word_without_a_state_and_a_key_without_words_are_found(tmp_path: Path) -> None:
    _plant(tmp_path / "central" / "words" / "texts" / "ru.toml", CATALOGUE)
    _plant(tmp_path / "central" / "page.py", PAGE)
    assert {str(one) for one in dead_words(tmp_path)} == {
        "central/words/texts/ru.toml:3: text queue.only_mine is used nowhere",
        "central/words/texts/ru.toml:7: text outcome.gone is used nowhere",
        "central/words/texts/ru.toml:11: text role.king is used nowhere",
        "central/page.py:5: key without words queue.lost is used nowhere",
    }
