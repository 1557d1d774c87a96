"""Rules of grounds in the whole: published and imported by commands, kept by a kiosk without a network, asked of the medic.

The centre's processes are started as an administrator starts them; the kiosk is the shipped one in a window of this process.
"""

import contextlib
import json
import sqlite3
from datetime import datetime, timedelta

import pytest

from dopusk.lab.demo.sample_people import ORG
from sync.contract.roster import RosterWorker
from tests.e2e.site import Site
from tests.ui.kiosk.looking import find
from tests.waiting import LONGEST_S

WORDS = "Медкнижку проверит медработник. Подойдите в медпункт."
RULE = {
    "code": "book_needed",
    "ru": "Нужна медкнижка",
    "attrs": {
        "kind": "medical_book",
        "when": "needed",
        "effect": "in_person",
        "basis": "приказ № 7",
        "worker_text": WORDS,
    },
}
_DAY_S = 86_400.0


def _rows(site: Site, query: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(site.config.parent / "central.db")) as db:
        return [tuple(row) for row in db.execute(query).fetchall()]


def roster_is_known(site: Site, expected: dict[str, int]) -> bool:
    """Whether the terminal has the newest list, and the workers of these numbers have so many holds in it."""
    bodies = [RosterWorker.model_validate_json(str(body)) for (body,) in _rows(site, "SELECT body FROM roster_entry")]
    made = {one.personnel_number: len(one.holds) for one in bodies}
    if {number: made.get(number) for number in expected} != expected or _rows(site, "SELECT 1 FROM roster_due"):
        return False
    sent = _rows(site, "SELECT version, sha256 FROM roster_sent ORDER BY version DESC LIMIT 1")
    return bool(sent) and sent == _rows(site, "SELECT version, sha256 FROM roster_told")


def _identify(site: Site, number: str) -> None:
    site.on("idle")
    site.press("begin", *(f"key_{digit}" for digit in number), "number_ok")


def _reason(site: Site) -> str:
    """What the kiosk says; a short word is glued to the next there."""
    return str(find(site.kiosk.window, "reason").property("text")).replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.timeout(540)
def test_a_kiosk_without_a_network_keeps_the_rule_by_its_own_clock_and_the_exam_stays_undecided(site: Site) -> None:
    site.on("idle")
    until = datetime.now().astimezone().date() + timedelta(days=10)
    table = site.world.folder / "grounds.csv"
    head = "Табельный номер;Вид;Дата;Действует до;Только очно;Источник;Номер"
    table.write_text(f"{head}\n1001;Медкнижка;01.02.2026;{until:%d.%m.%Y};нет;ЭЛМК;86-01-027970-25\n", encoding="utf-8")
    site.run("central", "import", "grounds", str(table), "--org", ORG, "-c", str(site.config))
    site.publish("ground_rules", "2026-7", RULE)
    site.until(lambda: roster_is_known(site, {"1001": 1, "1002": 1}))

    site.world.broker.stop()
    _identify(site, "1002")
    site.on("not_today")
    assert _reason(site) == WORDS
    site.press("leave")

    # Whose book holds is examined, until its last day is over by the terminal's own clock.
    _identify(site, "1001")
    site.on("confirm")
    site.press("exit", "leave")
    site.clock.wall_s = 11 * _DAY_S
    _identify(site, "1001")
    site.on("not_today")
    assert _reason(site) == WORDS
    site.press("leave")
    site.on("idle")

    site.clock.wall_s = 0.0
    site.world.broker.start()

    def arrived() -> bool:
        rows = _rows(site, "SELECT state, payload FROM exam")
        ended = [(state, json.loads(str(payload)).get("end_reason")) for state, payload in rows]
        return ("unfinished", "not_allowed") in ended

    site.qtbot.waitUntil(arrived, timeout=int(LONGEST_S * 1000))
    assert _rows(site, "SELECT 1 FROM decision") == []
    verified = site.run("verify", str(site.config))
    assert verified
