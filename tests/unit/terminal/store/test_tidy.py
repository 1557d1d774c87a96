"""Retention: only what is receipted goes, and only after its time by a clock that is known to be right."""

from datetime import timedelta

import pytest

from terminal.store.store import TerminalStore
from terminal.store.tidy import Tidied, tidy
from terminal.store.verify import verify_store
from terminal.store.verify_report import Expected
from tests.unit.terminal.store.scene import STAMP, Scene, play_exam, receipt
from tests.unit.terminal.store.test_verify import CENTRE, _from_centre

LATER = STAMP.at + timedelta(days=40)


def _receipt_all(store: TerminalStore) -> None:
    rows = store.outbox.next_queued(100)
    batch = [receipt(row.message_id) for row in rows]
    wire = _from_centre("dopusk.receipt/1", {"receipts": [one.model_dump(mode="json") for one in batch]})[1]
    store.outbox.close(batch, wire)


def _tidy(store: TerminalStore, *, trusted: bool = True, days: int = 30) -> Tidied:
    return tidy(store.db, store.media, LATER, clock_trusted=trusted, media_days=days)


def test_what_is_not_receipted_stays(store: TerminalStore) -> None:
    play_exam(store, photo=b"photo" * 100)
    assert _tidy(store) == Tidied(chunks=0, files=0)


def test_old_and_receipted_media_go_and_the_store_still_verifies(scene: Scene, store: TerminalStore) -> None:
    play_exam(store, photo=b"photo" * 100)
    play_exam(store)
    _receipt_all(store)
    assert _tidy(store) == Tidied(chunks=1, files=1)
    assert _tidy(store) == Tidied(chunks=0, files=0)
    assert list((scene.folder / "media").glob("*.enc")) == []
    report = verify_store(store.db, Expected(scene.key.public_key(), CENTRE.public_key(), store.media))
    assert report.faults == []


def test_media_stay_their_time_and_while_the_clock_is_not_trusted(store: TerminalStore) -> None:
    play_exam(store, photo=b"photo" * 100)
    _receipt_all(store)
    assert _tidy(store, trusted=False).files == 0
    assert _tidy(store, days=41).files == 0
    assert _tidy(store).files == 1


def test_less_than_the_law_asks_for_is_refused(store: TerminalStore) -> None:
    with pytest.raises(ValueError, match="at least 30 days"):
        _tidy(store, days=29)
