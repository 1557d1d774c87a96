"""Retention: only what is receipted goes, and only after its time by a clock that is known to be right."""

from datetime import date, datetime, timedelta

import pytest

from sync.contract.books import BookContent, BookItem, items_digest
from sync.contract.canonical import new_id
from sync.contract.holds import HOLDS, HeldExams, Holds
from sync.contract.model import utc_text
from sync.contract.roster import REFERENCE_SCHEMA, Reference
from sync.contract.topics import Up
from terminal.exam.events import ExamineeIdentified
from terminal.store.exam_history import ExamHistory
from terminal.store.store import TerminalStore
from terminal.store.tidy import Tidied, tidy
from terminal.store.verify import verify_store
from terminal.store.verify_report import Expected
from tests.unit.terminal.store.scene import STAMP, Scene, play_exam, receipt
from tests.unit.terminal.store.test_verify import CENTRE, _apply, _from_centre

LATER = STAMP.at + timedelta(days=40)


def _receipt_all(store: TerminalStore) -> None:
    rows = store.outbox.next_queued(100)
    batch = [receipt(row.message_id) for row in rows]
    wire = _from_centre("dopusk.receipt/1", {"receipts": [one.model_dump(mode="json") for one in batch]})[1]
    store.outbox.close(batch, wire)


def _heard(store: TerminalStore, at: datetime = LATER) -> None:
    """The centre has receipted something at that moment."""
    with store.transaction():
        store.queue(Up.HEALTH, "dopusk.health/1", {}, subject="", stamp=STAMP.model_copy(update={"at": at}))
    (row,) = store.outbox.next_queued(1)
    answer = receipt(row.message_id).model_copy(update={"committed_at": at})
    wire = _from_centre("dopusk.receipt/1", {"receipts": [answer.model_dump(mode="json")]})[1]
    store.outbox.close([answer], wire)


def _told(store: TerminalStore, *held: HeldExams, as_of: datetime = LATER, seq: int = 1) -> None:
    """The centre has sent its list of holds, and the terminal has taken it."""
    content = Holds(as_of=as_of, holds=held).model_dump(mode="json")
    book = Reference(name=HOLDS, version=f"{utc_text(as_of)} {seq}", content=content)
    message_id, wire = _from_centre(REFERENCE_SCHEMA, book.model_dump(mode="json"), seq)
    with store.transaction():
        _apply(store, "reference", message_id, wire)
        store.reference.put(book.name, book.version, book.content, seq)


def _linked(store: TerminalStore, *held: HeldExams) -> None:
    _receipt_all(store)
    _heard(store)
    _told(store, *held)


def _tidy(store: TerminalStore, *, trusted: bool = True, days: int = 30) -> Tidied:
    return tidy(store.db, store.media, LATER, clock_trusted=trusted, media_days=days)


def test_what_is_not_receipted_stays(store: TerminalStore) -> None:
    play_exam(store, photo=b"photo" * 100)
    assert _tidy(store) == Tidied(chunks=0, files=0, waits_for="link")


def test_old_and_receipted_media_go_and_the_store_still_verifies(scene: Scene, store: TerminalStore) -> None:
    play_exam(store, photo=b"photo" * 100)
    play_exam(store)
    _linked(store)
    assert _tidy(store) == Tidied(chunks=2, files=1)
    assert _tidy(store) == Tidied(chunks=0, files=0)
    assert list((scene.folder / "media").glob("*.enc")) == []
    report = verify_store(store.db, Expected(scene.key.public_key(), CENTRE.public_key(), store.media))
    assert report.faults == []


def test_media_stay_their_time_and_while_the_clock_is_not_trusted(store: TerminalStore) -> None:
    play_exam(store, photo=b"photo" * 100)
    _linked(store)
    assert _tidy(store, trusted=False) == Tidied(chunks=2, files=0, waits_for="clock")
    assert _tidy(store, days=41).files == 0
    assert _tidy(store).files == 1


def test_less_than_the_law_asks_for_is_refused(store: TerminalStore) -> None:
    with pytest.raises(ValueError, match="at least 30 days"):
        _tidy(store, days=29)


def test_a_hold_keeps_the_files_of_its_exam_and_others_go(store: TerminalStore) -> None:
    held = play_exam(store, photo=b"photo" * 100)
    play_exam(store, photo=b"other" * 100)
    _linked(store, HeldExams(exam_id=held))
    assert _tidy(store) == Tidied(chunks=3, files=1, held=1)
    assert [row[0] for row in store.db.execute("SELECT exam_id FROM media").fetchall() if held == row[0]] == [held]
    _told(store, seq=2)
    assert _tidy(store) == Tidied(chunks=0, files=1)


def test_a_hold_on_a_persons_days_or_on_the_terminals(store: TerminalStore) -> None:
    exam_id = play_exam(store, photo=b"photo" * 100)
    (who,) = [one.worker_id for one in ExamHistory(store.db).events_of(exam_id) if isinstance(one, ExamineeIdentified)]
    day = STAMP.at.date()
    _linked(store, HeldExams(worker_ids=(new_id(), who), since=day, until=day))
    assert (_tidy(store).files, _tidy(store).held) == (0, 1)
    for seq, held in enumerate(
        (HeldExams(is_terminal=True, since=day), HeldExams(is_terminal=True, until=day), HeldExams(exam_id=exam_id)), 2
    ):
        _told(store, held, seq=seq)
        assert _tidy(store).held == 1
    before, after = day - timedelta(days=5), day + timedelta(days=5)
    elsewhere = (HeldExams(worker_ids=(new_id(),), since=day), HeldExams(worker_ids=(who,), until=before))
    _told(store, *elsewhere, HeldExams(is_terminal=True, since=after), seq=9)
    assert _tidy(store).files == 1


def test_nothing_goes_by_age_before_todays_holds_are_known(store: TerminalStore) -> None:
    play_exam(store, photo=b"photo" * 100)
    _receipt_all(store)
    assert _tidy(store).waits_for == "link", "the centre has not answered for days"
    _heard(store)
    assert _tidy(store).waits_for == "holds", "it has sent no list yet"
    _told(store, as_of=LATER - timedelta(days=2))
    assert _tidy(store).waits_for == "holds", "what was placed since is not in it"
    _told(store, as_of=LATER - timedelta(hours=9), seq=2)
    assert _tidy(store).files == 1


def test_a_list_that_keeps_all_or_cannot_be_read_keeps_everything(store: TerminalStore) -> None:
    play_exam(store, photo=b"photo" * 100)
    _linked(store)
    with store.transaction():
        store.reference.put(HOLDS, "all", Holds(as_of=LATER, keeps_all=True).model_dump(mode="json"), 2)
    assert _tidy(store).held == 1
    with store.transaction():
        store.reference.put(HOLDS, "newer", {"as_of": "never"}, 3)
    assert _tidy(store).waits_for == "holds"


def test_the_published_term_counts_where_it_is_longer(store: TerminalStore) -> None:
    play_exam(store, photo=b"photo" * 100)
    _linked(store)
    for seq, (days, since) in enumerate(((20, None), (90, date(2099, 1, 1)), (39, None)), 2):
        items = (BookItem(code="film_terminal", ru="Записи", attrs={"days": days, "basis": "приказ"}),)
        content = BookContent(sha256=items_digest(items), valid_from=since, items=items).model_dump(mode="json")
        with store.transaction():
            store.reference.put("retention", str(seq), content, seq)
        if since is not None:
            assert _tidy(store).files == 0, "it is to be kept longer from some day on"
    assert _tidy(store).files == 1
