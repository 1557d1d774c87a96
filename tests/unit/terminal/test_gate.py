"""The gate beside the kiosk: opened once, on the disk before the relay moves, and for nobody in doubt."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drivers.relay_worker import RelayDone
from sync.contract.canonical import new_id
from sync.contract.decision import DecisionRecord
from sync.contract.envelope import open_sealed
from sync.contract.exam import Examinee
from sync.contract.passage import PassageReport
from sync.contract.topics import Up
from terminal.core import Core
from terminal.exam.model import ExamState, Plan, Stamp
from terminal.gate import GateOpenings, refusal
from terminal.store.store import TerminalStore
from tests.unit.terminal.store.scene import STAMP, Scene
from tests.unit.terminal.test_decision_check import Desk, desk

__all__ = ["desk"]
WORKER, EMPLOYER, SERIAL = new_id(), new_id(), "1a2b"
NOW = STAMP


@dataclass
class PlayedRelay:
    """A relay that notes what it is asked; the store is looked at in that moment."""

    store: TerminalStore
    asked: list[str] = field(default_factory=list)
    was_on_disk: list[bool] = field(default_factory=list)

    def start(self) -> None:
        return None

    def open_once(self, request_id: str, within_s: float) -> None:
        self.asked.append(request_id)
        found = self.store.gate_openings.of_passage(request_id)
        self.was_on_disk.append(found is not None and not self.store.db.conn.in_transaction)

    def stop(self) -> None:
        return None


@dataclass
class PlayedClock:
    stamp: Stamp = NOW

    def now(self) -> Stamp:
        return self.stamp


def state(**changes: Any) -> ExamState:
    """The exam on the screen."""
    known: dict[str, Any] = {
        "exam_id": EXAM_ID,
        "exam_type": "pre_shift",
        "plan": Plan(),
        "started": NOW,
        "generation": "test",
        "software_version": "1",
        "config_version": "1",
        "examinee": Examinee(worker_id=WORKER, employer_id=EMPLOYER, identified_by="personnel_number", confirmed=True),
    }
    return ExamState(**(known | changes))


EXAM_ID = new_id()


def admission(desk: Desk, **changes: Any) -> DecisionRecord:
    """A checked admission of the worker on the screen."""
    made = desk.record(desk.medic)
    exam = made["exam"] | {"exam_id": EXAM_ID}
    exam["examinee"] = exam["examinee"] | {"worker_id": WORKER, "employer_id": EMPLOYER}
    verdict = made["decision"] | {
        "decided_at": NOW.at.isoformat(),
        "valid_until": (NOW.at + timedelta(hours=12)).isoformat(),
    }
    made |= {"exam": exam, "decision": verdict, "medic": made["medic"] | {"certificate_serial": SERIAL}}
    for path, value in changes.items():
        section, _, name = path.partition("__")
        made[section] = made[section] | {name: value}
    return DecisionRecord.model_validate(made)


LATER_BOOT = NOW.model_copy(update={"boot_id": "boot-2"})
CASES: dict[str, tuple[dict[str, Any], ExamState | None, Stamp, set[str], str]] = {
    "in force": ({}, state(), NOW, set(), ""),
    "nobody on the screen": ({}, None, NOW, set(), "late"),
    "another exam on the screen": ({}, state(exam_id=new_id()), NOW, set(), "late"),
    "another employer": (
        {},
        state(
            examinee=Examinee(worker_id=WORKER, employer_id=new_id(), identified_by="personnel_number", confirmed=True)
        ),
        NOW,
        set(),
        "unknown_worker",
    ),
    "no clock after a restart": ({}, state(), LATER_BOOT.model_copy(update={"trusted": False}), set(), "clock"),
    "a clock that is not right within one boot": ({}, state(), NOW.model_copy(update={"trusted": False}), set(), ""),
    "signed in the future": ({"decision__decided_at": "2026-11-22T03:14:00Z"}, state(), NOW, set(), "clock"),
    "no end": ({"decision__valid_until": None}, state(), NOW, set(), "expired"),
    "over": ({}, state(), NOW.model_copy(update={"at": NOW.at + timedelta(hours=12)}), set(), "expired"),
    "over by the time since the start, whatever the wall clock says": (
        {},
        state(),
        NOW.model_copy(update={"monotonic_s": NOW.monotonic_s + 12 * 3600}),
        set(),
        "expired",
    ),
    "certificate revoked": ({}, state(), NOW, {SERIAL}, "certificate"),
}


@pytest.mark.parametrize("name", CASES)
def test_only_an_admission_in_force_of_who_stands_there_opens(desk: Desk, name: str) -> None:
    changes, exam, now, revoked, code = CASES[name]
    assert refusal(admission(desk, **changes), exam, now, revoked, has_opened=False) == code


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TerminalStore]:
    opened = Scene(tmp_path).open()
    yield opened
    opened.close()


@pytest.fixture
def relay(store: TerminalStore) -> PlayedRelay:
    return PlayedRelay(store)


def gate_of(store: TerminalStore, relay: PlayedRelay, on_screen: ExamState | None) -> GateOpenings:
    core = Core(None, store, None, None, PlayedClock(), None)  # type: ignore[arg-type]
    return GateOpenings(core, relay, 5.0, lambda: on_screen)


def told(store: TerminalStore) -> list[PassageReport]:
    """What goes up to the centre."""
    rows = store.db.execute("SELECT wire FROM outbox WHERE kind = ? ORDER BY seq", (str(Up.PASSAGE),)).fetchall()
    key: Ed25519PrivateKey | Any = store.public_key
    return [PassageReport.model_validate(open_sealed(row[0], key).payload) for row in rows]


def test_it_opens_once_and_is_on_the_disk_before_the_relay_moves(desk, store, relay) -> None:
    gate = gate_of(store, relay, state())
    gate.decided(admission(desk), set())
    assert relay.was_on_disk == [True]
    assert gate.shown_of(state()) == "opening"
    assert told(store) == []
    gate.done(RelayDone(relay.asked[0], "opened"))
    gate.done(RelayDone(relay.asked[0], "opened"))
    assert gate.shown_of(state()) == "opened"
    gate.decided(admission(desk), set())
    assert len(relay.asked) == 1
    assert [(one.outcome, one.reason) for one in told(store)] == [("opened", ""), ("refused", "already_opened")]
    assert gate.shown_of(state(exam_id=new_id())) == ""


def test_an_opening_whose_end_nobody_saw_is_told_as_unknown_and_not_repeated(desk, store, relay) -> None:
    gate_of(store, relay, state()).decided(admission(desk), set())
    again = gate_of(store, relay, state())
    again.start()
    again.decided(admission(desk), set())
    assert len(relay.asked) == 1
    assert [(one.outcome, one.reason) for one in told(store)] == [("unknown", ""), ("refused", "already_opened")]


@pytest.mark.parametrize(
    "changes",
    [
        {"decision__outcome": "not_admitted"},
        {"decision__outcome": "refer"},
        {"exam__exam_type": "post_trip"},
        {"exam__examinee": None},
    ],
    ids=str,
)
def test_nothing_but_an_admission_before_work_moves_it(desk, store, relay, changes) -> None:
    gate_of(store, relay, state()).decided(admission(desk, **changes), set())
    assert relay.asked == []
    assert told(store) == []


def test_who_has_left_opens_nothing_and_the_centre_hears_why(desk, store, relay) -> None:
    gate_of(store, relay, None).decided(admission(desk), set())
    assert relay.asked == []
    assert [(one.outcome, one.reason) for one in told(store)] == [("refused", "late")]
