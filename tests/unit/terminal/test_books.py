"""What the centre's books do at a terminal: shown from the next exam on, kept by the one under way, refused when unusable."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlite_utils import Database

from sync.contract.books import KIOSK_CONSENT, BookContent, BookItem, items_digest
from sync.contract.called import QUEUE, CalledExams
from sync.contract.canonical import new_id, sha256_hex
from sync.contract.envelope import ClockStamp, Envelope, read_unverified, seal
from sync.contract.receipt import AckBatch
from sync.contract.roster import REFERENCE_SCHEMA, Reference
from terminal import intents
from terminal.books import BookShelf
from terminal.mailbox import InboxNews
from terminal.store.reference import ReferenceStore, migrations
from tests.unit.terminal.kiosk import Kiosk, MakeKiosk
from tests.unit.terminal.test_service import records
from tests.unit.terminal.test_thread_faults import CENTRE, _inbox
from tests.unit.terminal.test_thread_faults import make_kiosk as _make_kiosk

CHEST = BookItem(code="back_pain", ru="Болит спина", en="Back pain")
CONSENT = "Коротко о главном.\n\nСогласие на осмотр целиком."


make_kiosk = _make_kiosk  # the fixture of a terminal whose centre has the key of this test


def _content(*items: BookItem, valid_from: date | None = None) -> dict[str, Any]:
    made = BookContent(sha256=items_digest(items), valid_from=valid_from, items=items)
    return made.model_dump(mode="json")


def _arrive(kiosk: Kiosk, name: str, version: str, content: dict[str, Any], seq: int) -> str:
    """A book from the centre, in the inbox as the sync process leaves it."""
    payload = Reference(name=name, version=version, content=content).model_dump(mode="json")
    envelope = Envelope(
        message_id=new_id(),
        schema=REFERENCE_SCHEMA,
        terminal_id=kiosk.store.address.terminal,
        seq=seq,
        prev_hash="0" * 64,
        created_at="2026-11-22T02:14:00.000Z",
        clock=ClockStamp(trusted=False, boot_id="b", monotonic_s=1.0),
        generation="test",
        payload=payload,
    )
    _inbox(kiosk).store(envelope.message_id, "reference", seal(envelope, CENTRE).wire)
    kiosk.mailbox.post(InboxNews())
    return envelope.message_id


def test_a_book_is_shown_at_once_and_named_in_the_next_exam(make_kiosk: MakeKiosk) -> None:
    with make_kiosk() as kiosk:
        kiosk.until_idle()
        _arrive(kiosk, "complaints", "2026-2", _content(CHEST), 1)
        shown = kiosk.until(lambda s: bool(s.books.complaints))
        assert [item.code for item in shown.books.complaints] == ["back_pain"]
        kiosk.up_to("waiting")
        (record,) = records(kiosk)
        assert record.books == {"complaints": "2026-2", "kiosk_texts": "2026-1"}


def _called(exam_id: str, **changes: Any) -> dict[str, Any]:
    exam = {"exam_id": exam_id, "number": 3, "is_open": False} | changes
    return CalledExams.model_validate({"as_of": "2026-11-22T02:14:00.000Z", "exams": [exam]}).model_dump(mode="json")


def test_the_exam_that_waits_shows_what_the_centre_says_of_it(make_kiosk: MakeKiosk) -> None:
    with make_kiosk() as kiosk:
        kiosk.until_idle()
        exam_id = kiosk.up_to("waiting").exam_id
        assert kiosk.until(lambda s: s.exam is not None).called is None, "nobody was called yet"
        _arrive(kiosk, QUEUE, "1", _called(exam_id), 1)
        shown = kiosk.until(lambda s: s.called is not None)
        assert shown.called is not None
        assert shown.called.number == 3
        _arrive(kiosk, QUEUE, "2", _called(exam_id, is_open=True), 2)
        kiosk.until(lambda s: s.called is not None and s.called.is_open)
        _arrive(kiosk, QUEUE, "1", _called(exam_id), 1)  # late: what was sent after it is known
        _arrive(kiosk, QUEUE, "3", _called(new_id()), 3)
        kiosk.until(lambda s: s.called is None)
        assert kiosk.store.reference.versions(QUEUE) == ["3"], "old lists do not fill the disk"


def test_an_exam_under_way_keeps_the_text_that_it_began_with(make_kiosk: MakeKiosk) -> None:
    first, second = BookItem(code=KIOSK_CONSENT, ru=CONSENT), BookItem(code=KIOSK_CONSENT, ru="Другой текст.")
    with make_kiosk() as kiosk:
        kiosk.until_idle()
        _arrive(kiosk, "consent_text", "2026-3", _content(first), 1)
        kiosk.until(lambda s: s.books.consent is not None)
        kiosk.up_to("consent")
        message = _arrive(kiosk, "consent_text", "2026-4", _content(second), 2)
        kiosk.want(intents.CallMedic())
        kiosk.until(lambda s: s.help_called)
        assert _inbox(kiosk).state_of(message) == "applied"
        kiosk.want(intents.AnswerConsent(True, language="en"))
        shown = kiosk.until(lambda s: s.exam is not None and s.exam.consent is not None)
        assert shown.books.consent is not None
        assert shown.books.consent.text("ru") == CONSENT
        assert shown.exam is not None
        consent = shown.exam.consent
        assert consent is not None
        assert (consent.version, consent.language) == ("2026-3", "ru")  # there is no English text
        assert consent.text_sha256 == sha256_hex(CONSENT.encode())
    with make_kiosk() as kiosk:  # after a power cut as well
        resumed = kiosk.until(lambda s: s.exam is not None)
        assert resumed.books.consent is not None
        assert resumed.books.consent.version == "2026-3"


def test_of_several_versions_the_one_sent_last_holds_and_one_of_a_later_day_waits() -> None:
    today = date.today()  # noqa: DTZ011
    db = Database(memory=True)
    migrations.apply(db)
    store = ReferenceStore(db)
    for version, seq, day in (("2026-2", 1, None), ("2026-3", 2, today), ("2026-4", 3, today + timedelta(days=3))):
        item = CHEST.model_copy(update={"ru": version})
        store.put("complaints", version, _content(item, valid_from=day), seq)
    store.put("complaints", "2026-5", {"of": "a program that did not read it"}, 4)
    shelf = BookShelf(store, {"complaints": "2026-1"})
    assert shelf.versions(today) == {"complaints": "2026-3"}
    assert shelf.versions(today + timedelta(days=3)) == {"complaints": "2026-4"}
    store.put("complaints", "2026-2", _content(CHEST.model_copy(update={"ru": "2026-2"})), 5)
    assert shelf.versions(today) == {"complaints": "2026-2"}  # the centre went back to it
    assert shelf.of({"complaints": "2026-1"}).complaints == ()


@pytest.mark.parametrize(
    ("name", "items"),
    [
        ("complaints", (CHEST.model_copy(update={"offered": False}),)),
        ("complaints", (CHEST.model_copy(update={"ru": "о" * 300}),)),
        ("kiosk_texts", (BookItem(code="help.idle", ru="Ждите {minutes} минут"),)),
        ("kiosk_texts", (BookItem(code="decision.admitted", ru="Не допущен"),)),
        ("consent_text", (BookItem(code=KIOSK_CONSENT, ru="同意"),)),
    ],
)
def test_a_book_that_would_break_the_kiosk_is_refused_with_its_place(
    make_kiosk: MakeKiosk, name: str, items: tuple[BookItem, ...]
) -> None:
    with make_kiosk() as kiosk:
        kiosk.until_idle()
        message = _arrive(kiosk, name, "2026-9", _content(*items), 1)
        kiosk.want(intents.CallMedic())
        shown = kiosk.until(lambda s: s.help_called)
        assert (shown.books.complaints, shown.books.consent, shown.books.texts) == ((), None, None)
        assert _inbox(kiosk).state_of(message) == "refused"
        told = [
            AckBatch.model_validate(one)
            for one in (row_payload(row.wire) for row in kiosk.store.outbox.next_queued(100) if row.kind == "ack")
        ]
        (refused,) = [one for batch in told for one in batch.refused]
        assert refused.code == "unusable_book"
        assert items[0].code in refused.reason or name in refused.reason


def row_payload(wire: bytes) -> dict[str, Any]:
    return dict(read_unverified(wire)[0].payload)


def test_other_words_under_a_number_that_exams_name_are_refused(make_kiosk: MakeKiosk) -> None:
    with make_kiosk() as kiosk:
        kiosk.until_idle()
        _arrive(kiosk, "complaints", "2026-2", _content(CHEST), 1)
        kiosk.until(lambda s: bool(s.books.complaints))
        again = _arrive(kiosk, "complaints", "2026-2", _content(CHEST.model_copy(update={"ru": "Болит"})), 2)
        kiosk.want(intents.CallMedic())
        shown = kiosk.until(lambda s: s.help_called)
        assert _inbox(kiosk).state_of(again) == "refused"
        assert shown.books.complaints[0].ru == "Болит спина"
