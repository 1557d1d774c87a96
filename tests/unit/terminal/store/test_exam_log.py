"""The diary: chained, signed, append-only, one transaction with what belongs to it."""

from contextlib import closing

import pytest
import sqlcipher3
from sqlite_utils import Database

from sync.contract.canonical import GENESIS_HASH, sha256_hex
from terminal.exam.decide import fold
from terminal.exam.moves import ImpossibleEvent
from terminal.open_exams import OpenExams
from terminal.store import exam_log
from terminal.store.exam_history import ExamHistory
from terminal.store.store import TerminalStore
from tests.unit.terminal.exams import Script
from tests.unit.terminal.store.scene import Scene, play_exam


def test_every_event_names_the_one_before_and_is_signed(scene: Scene, store: TerminalStore) -> None:
    play_exam(store)
    play_exam(store)
    before = GENESIS_HASH
    for number, row in enumerate(store.log.rows(), start=1):
        assert (row.seq, row.prev_hash) == (number, before)
        assert sha256_hex(row.body) == row.sha256
        scene.key.public_key().verify(row.signature, row.body)
        before = row.sha256
    assert number > 20


@pytest.mark.parametrize(
    "statement", ["DELETE FROM diary", "UPDATE diary SET exam_id = 'x'", "UPDATE diary SET seq = 9"]
)
def test_the_database_refuses_changes(store: TerminalStore, statement: str) -> None:
    play_exam(store)
    with pytest.raises(sqlcipher3.IntegrityError, match="append-only"):
        store.db.execute(statement)


def test_a_restart_finds_the_open_exams_and_folds_them(scene: Scene, store: TerminalStore) -> None:
    done, waiting = play_exam(store), play_exam(store, phase="waiting")
    store.close()
    again = scene.open()
    exams = OpenExams(again, "zarya", lambda _exam_id: 0.0)
    exams.recover()
    assert list(exams.exams) == [waiting]
    assert exams.exams[waiting].phase == "waiting"
    folded = fold(again.log.events_of(done))
    assert folded is not None
    assert not folded.is_open
    again.close()


def test_event_and_record_are_committed_together_or_not_at_all(store: TerminalStore) -> None:
    script = Script().up_to("waiting")
    exams = OpenExams(store, "zarya", lambda _exam_id: 0.0)
    for event in script.events[:-1]:
        exams.happen(event)
    before = store.db.execute("SELECT count(*) FROM diary").fetchone()

    def power_cut() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        exams.happen(script.events[-1], with_transaction=power_cut)
    assert store.db.execute("SELECT count(*) FROM diary").fetchone() == before
    assert store.outbox.backlog().queued == 0
    exams.happen(script.events[-1])
    assert store.outbox.backlog().queued == 1


def test_an_impossible_event_writes_nothing(store: TerminalStore) -> None:
    script = Script()
    exams = OpenExams(store, "zarya", lambda _exam_id: 0.0)
    exams.happen(script.events[0])
    with pytest.raises(ImpossibleEvent):
        exams.happen(script.events[0])
    assert store.db.execute("SELECT count(*) FROM diary").fetchone() == (1,)


def test_the_record_names_its_part_of_the_diary(store: TerminalStore) -> None:
    play_exam(store)
    exam_id = play_exam(store)
    part = store.log.range_of(exam_id)
    rows = [row for row in store.log.rows() if row.exam_id == exam_id]
    assert (part.first_seq, part.last_seq) == (rows[0].seq, rows[-1].seq)


def test_exams_that_go_on_side_by_side_are_told_apart(store: TerminalStore) -> None:
    first, second = Script().up_to("waiting"), Script().up_to("waiting")
    exams = OpenExams(store, "zarya", lambda _exam_id: 0.0)
    for one, other in zip(first.events, second.events, strict=True):
        exams.happen(other)
        exams.happen(one)
    assert [exam.exam_id for exam in store.log.open_exams()] == [second.exam_id, first.exam_id]
    for script in (first, second):
        assert list(store.log.events_of(script.exam_id)) == script.events
    done = play_exam(store)
    assert len(list(store.log.events_of(done))) == store.log.range_of(done).last_seq - len(first.events) * 2
    assert done not in {exam.exam_id for exam in store.log.open_exams()}


def test_an_exam_that_is_not_here_has_no_events(store: TerminalStore) -> None:
    assert list(store.log.events_of("nobody")) == []
    with pytest.raises(LookupError, match="nobody"):
        store.log.range_of("nobody")


def test_the_list_of_an_older_program_becomes_spans() -> None:
    with closing(Database(memory=True)) as db:
        exam_log.migrations.apply(db, stop_before="m003_spans")
        for seq, exam_id in enumerate(("a", "b", "a", "b"), start=1):
            db.execute("INSERT INTO diary VALUES (?, ?, 'x', '', x'', '', '')", (seq, exam_id))
        db.execute("INSERT INTO open_exam VALUES ('b', NULL, 'identify', '')")
        exam_log.migrations.apply(db)
        spans = db.execute("SELECT exam_id, first_seq, last_seq FROM exam_span ORDER BY first_seq").fetchall()
        assert spans == [("a", 1, 3), ("b", 2, None)]
        assert [exam.exam_id for exam in ExamHistory(db).open_exams()] == ["b"]
