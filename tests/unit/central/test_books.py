"""Reference books on both stores: drafts, publication, way back, what holds on a day, consent texts, spreading."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError

from central.books import drafting, publishing, reading, spreading
from central.books.catalogue import BOOKS, shipped
from central.books.rules import BookRefused, book_faults, item_faults
from central.core.rights import RIGHTS, Role
from central.people.consents import Consents
from central.people.registry import Registry
from central.store import books as store
from central.store import consents, guards
from central.store.engine import writing
from central.store.outgoing import centre_outbox
from sync.contract.books import BookContent, BookItem
from sync.contract.canonical import sha256_hex
from sync.contract.envelope import read_unverified
from tests.central_store import ORG, take_guards_out

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
DAY = date(2026, 11, 30)
NEW = BookItem(code="back_pain", ru="Болит спина", en="Back pain")


def _put(connection: Any, item: BookItem, name: str = "complaints", revision: int = 0, author: str = "zoya") -> None:
    drafting.put_item(connection, name, ORG, item, revision=revision, author=author, now=NOW)


def _publish(connection: Any, registry: Registry, name: str = "complaints", **changes: Any) -> reading.Version:
    values: dict[str, Any] = {"basis": "приказ 7 от 30.11.2026", "author": "zoya", "now": NOW}
    return publishing.publish(connection, registry.outgoing, name, ORG, **(values | changes))


def _faults(refused: pytest.ExceptionInfo[BookRefused]) -> list[tuple[str, str, str]]:
    return [(fault.code, fault.field, fault.fault) for fault in refused.value.faults]


def test_every_book_that_ships_would_be_taken_as_a_draft() -> None:
    for name, kind in BOOKS.items():
        book = shipped(name)
        if book is None:
            continue
        assert book_faults(kind, book.items) == []
        found = [fault for item in book.items for fault in item_faults(kind, item, None, drafting.ALL_RIGHTS)]
        assert [fault for fault in found if fault.fault != "wrong_code"] == []
        assert book.source["source"]
        assert book.source["as_of"]
    assert len(_items("rf_subjects")) == 89
    assert {"A", "U", "01", "49", "99"} <= {item.code for item in _items("okved2")}
    assert len([item for item in _items("okved2") if item.code.isdigit()]) == 88


def _items(name: str) -> tuple[BookItem, ...]:
    book = shipped(name)
    assert book is not None
    return book.items


def test_a_draft_is_published_with_its_basis_and_nothing_of_it_changes_afterwards(
    engine: Engine, registry: Registry, worker: Any
) -> None:
    with writing(engine) as connection:
        publishing.add_shipped(connection, NOW)
        publishing.add_shipped(connection, NOW)  # again: nothing new
        _put(connection, NEW)
        draft = drafting.get(connection, "complaints", ORG)
        assert draft is not None
        assert [(one.kind, one.after.code) for one in draft.differences()] == [("added", "back_pain")]
        assert reading.in_force(connection, "complaints", ORG, DAY).version == "2026-1"
        made = _publish(connection, registry)
    with writing(engine) as connection:
        held = reading.in_force(connection, "complaints", ORG, DAY)
        assert (held.version, held.org, held.sha256) == ("2026-2", ORG, made.sha256)
        assert held.by_code["back_pain"].words("en") == "Back pain"
        assert drafting.get(connection, "complaints", ORG) is None
        assert reading.in_force(connection, "complaints", "other", DAY).version == "2026-1"
        (row,) = store.versions(connection, "complaints", ORG)
        assert (row.basis, row.author, row.valid_from) == ("приказ 7 от 30.11.2026", "zoya", DAY)


def test_what_cannot_be_published_says_where(engine: Engine, registry: Registry, worker: Any) -> None:
    with writing(engine) as connection:
        with pytest.raises(BookRefused) as nothing:
            _publish(connection, registry)
        assert _faults(nothing) == [("", "items", "no_changes")]
        _put(connection, NEW)
        with pytest.raises(BookRefused) as bad:
            _publish(connection, registry, basis=" ", valid_from=DAY - timedelta(days=1), version="2025-9")
        assert _faults(bad) == [
            ("", "basis", "needed"),
            ("", "valid_from", "past"),
            ("", "version", "older_version"),
        ]
        for version, code in (("2026-1", "taken"), ("две", "wrong_form")):
            with pytest.raises(BookRefused) as numbered:
                _publish(connection, registry, version=version)
            assert ("", "version", code) in _faults(numbered)


@pytest.mark.parametrize(
    ("item", "fault"),
    [
        (BookItem(code="back_pain", ru=""), ("back_pain", "ru", "needed")),
        (BookItem(code="Боль", ru="Болит"), ("Боль", "code", "wrong_code")),
        (BookItem(code="a", ru="оа " * 10), ("a", "ru", "too_long")),
        (BookItem(code="a", ru="Электрокардиограмма"), ("a", "ru", "word_too_long")),
        (BookItem(code="a", ru="Болит 頭"), ("a", "ru", "foreign_letters")),
        (BookItem(code="a", ru="Болит {what}"), ("a", "ru", "unknown_placeholder")),
        (BookItem(code="a", ru="Слабость"), ("a", "ru", "same_words")),
        (BookItem(code="a", ru="Болит", parent="b"), ("a", "parent", "unknown_parent")),
        (BookItem(code="a", ru="Болит", attrs={"colour": "red"}), ("a", "colour", "unknown_field")),
    ],
)
def test_a_complaint_that_would_break_the_kiosk_is_refused_at_the_draft(
    engine: Engine, worker: Any, item: BookItem, fault: tuple[str, str, str]
) -> None:
    with writing(engine) as connection:
        with pytest.raises(BookRefused) as refused:
            _put(connection, item)
        assert fault in _faults(refused)
        assert drafting.get(connection, "complaints", ORG) is None


def test_a_book_of_complaints_never_becomes_empty(engine: Engine, worker: Any) -> None:
    items = _items("complaints")
    with writing(engine) as connection:
        for item in items[:-1]:
            _put(connection, item.model_copy(update={"offered": False}))
        with pytest.raises(BookRefused) as refused:
            _put(connection, items[-1].model_copy(update={"offered": False}))
        assert _faults(refused) == [("", "items", "nothing_offered")]


@pytest.mark.parametrize(
    ("code", "ru", "fault"),
    [
        ("help.pressure", "Подождите {expected} с, {who}", "unknown_placeholder"),
        ("help.pressure", "Подождите {expected!r}", "unknown_placeholder"),
        ("help.pressure", "Подождите {", "unknown_placeholder"),
        ("help.idle", "о" * 131, "too_long"),
        ("waiting.text", "Вы допущены", "not_changeable"),
    ],
)
def test_a_text_of_the_kiosk_that_would_break_it_is_refused(
    engine: Engine, worker: Any, code: str, ru: str, fault: str
) -> None:
    with writing(engine) as connection:
        with pytest.raises(BookRefused) as refused:
            _put(connection, BookItem(code=code, ru=ru), "kiosk_texts")
        assert fault in {found.fault for found in refused.value.faults}


def test_two_people_at_one_item_do_not_overwrite_each_other(engine: Engine, registry: Registry, worker: Any) -> None:
    other = NEW.model_copy(update={"ru": "Спина болит"})
    with writing(engine) as connection:
        _put(connection, NEW)
        _put(connection, BookItem(code="eyes", ru="Болят глаза"), author="lena")  # another item disturbs nobody
        with pytest.raises(BookRefused) as refused:
            _put(connection, other, author="lena")
        assert [(fault.fault, fault.detail) for fault in refused.value.faults] == [("changed_meanwhile", "zoya")]
        _put(connection, other, revision=1, author="lena")
        _publish(connection, registry)
        _put(connection, NEW.model_copy(update={"ru": "Боль в спине"}))
        Consents(registry)  # what others publish of other books is no matter
        store.set_draft(connection, "complaints", ORG, base_version="2026-1")
        with pytest.raises(BookRefused) as behind:
            _publish(connection, registry)
        assert ("", "version", "changed_meanwhile") in _faults(behind)


def test_a_code_is_never_deleted_and_never_gets_another_meaning(
    engine: Engine, registry: Registry, worker: Any
) -> None:
    ended = BookItem(code="nausea", ru="Тошнота", en="Nausea", offered=False)
    with writing(engine) as connection:
        _put(connection, ended)
        _publish(connection, registry)
        with pytest.raises(BookRefused) as refused:
            _put(connection, ended.model_copy(update={"ru": "Болит нога", "offered": True}))
        assert ("nausea", "ru", "retired_code") in _faults(refused)
        _put(connection, ended.model_copy(update={"offered": True}))  # the same words may come back
        _publish(connection, registry)
        kept = [item for item in reading.newest(connection, "complaints", ORG).items if item.code != "cough"]
        drafting.take_items(connection, "complaints", ORG, kept, author="zoya", now=NOW)
        made = _publish(connection, registry)
        cough = made.by_code["cough"]
        assert (cough.offered, cough.valid_until, cough.ru) == (False, DAY, "Кашель, насморк")


def test_withdrawing_is_the_way_back(engine: Engine, registry: Registry, worker: Any) -> None:
    with writing(engine) as connection:
        _put(connection, NEW)
        first = _publish(connection, registry)
        _put(connection, BookItem(code="eyes", ru="Болят глаза"))
        later = NOW + timedelta(hours=1)
        second = _publish(connection, registry, now=later)
        values = {"basis": "ошибка в приказе", "author": "zoya", "now": later + timedelta(hours=1)}
        publishing.withdraw(connection, registry.outgoing, "complaints", ORG, second.version, **values)  # type: ignore[arg-type]
        assert reading.in_force(connection, "complaints", ORG, DAY).version == first.version
        assert reading.at(connection, "complaints", ORG, later + timedelta(minutes=5)).version == second.version
        named = reading.named(connection, "complaints", ORG, second.version)
        assert named is not None
        assert "eyes" in named.by_code
        with pytest.raises(BookRefused) as again:
            publishing.withdraw(connection, registry.outgoing, "complaints", ORG, second.version, **values)  # type: ignore[arg-type]
        assert _faults(again) == [("", "version", "withdrawn_already")]
        _put(connection, BookItem(code="ears", ru="Болят уши"))
        assert _publish(connection, registry, now=later).version == "2026-4"  # its number is never used again


def test_a_version_of_a_later_day_holds_from_that_day(engine: Engine, registry: Registry, worker: Any) -> None:
    with writing(engine) as connection:
        _put(connection, NEW)
        _publish(connection, registry, valid_from=DAY + timedelta(days=2))
        assert reading.in_force(connection, "complaints", ORG, DAY).version == "2026-1"
        assert reading.in_force(connection, "complaints", ORG, DAY + timedelta(days=2)).version == "2026-2"


def _sent(connection: Any, terminal_id: str) -> list[tuple[str, str]]:
    query = select(centre_outbox).where(centre_outbox.c.terminal_id == terminal_id, centre_outbox.c.kind == "reference")
    rows = connection.execute(query.order_by(centre_outbox.c.seq)).mappings()
    payloads = [read_unverified(row["wire"])[0].payload for row in rows]
    for payload in payloads:
        assert BookContent.model_validate(payload["content"]).items
    return [(payload["name"], payload["version"]) for payload in payloads]


def test_a_published_book_goes_to_the_terminals_and_their_answer_is_shown(
    engine: Engine, registry: Registry, worker: Any, enrolled: Callable[[str], Any]
) -> None:
    enrolled("kiosk-1")
    with writing(engine) as connection:
        assert _sent(connection, "kiosk-1") == []
        _put(connection, NEW)
        made = _publish(connection, registry)
        assert _sent(connection, "kiosk-1") == [("complaints", "2026-2")]
        assert spreading.spread(connection, registry.outgoing, "complaints", ORG, NOW) == 0
        (place,) = store.sent_to(connection, [ORG])
        assert (place.book, place.version, place.state) == ("complaints", "2026-2", "sent")
        connection.execute(centre_outbox.update().values(state="acked", acked_at=NOW))
        (place,) = store.sent_to(connection, [ORG], "complaints")
        assert (place.state, place.answered_at) == ("applied", NOW)
    enrolled("kiosk-2")  # after the publication
    with writing(engine) as connection:
        assert spreading.spread(connection, registry.outgoing, "complaints", ORG, NOW) == 1
        assert _sent(connection, "kiosk-2") == [("complaints", "2026-2")]
        values = {"basis": "ошибка", "author": "zoya", "now": NOW}
        publishing.withdraw(connection, registry.outgoing, "complaints", ORG, made.version, **values)  # type: ignore[arg-type]
        assert _sent(connection, "kiosk-1")[-1] == ("complaints", "2026-1")


def test_a_consent_text_that_is_entered_is_the_book(engine: Engine, registry: Registry, worker: Any) -> None:
    body = "Записываем осмотр.\n\nСогласен на обработку данных о здоровье."
    with writing(engine) as connection:
        made = Consents(registry)
        made.add_text(connection, ORG, "health_data", "2026-3", body, valid_from=date(2026, 1, 1), author="zoya")
        made.add_text(connection, ORG, "video", "2026-3", "Согласен на запись.", valid_from=DAY, author="zoya")
        held = reading.in_force(connection, "consent_text", ORG, DAY)
        item = held.by_code["health_data"]
        assert (item.ru, item.attrs["version"], item.en) == (body, "2026-3", "")
        row = consents.get_text(connection, ORG, "health_data", "2026-3")
        assert row is not None
        assert row["sha256"] == sha256_hex(item.ru.encode())
        assert [one.version for one in store.versions(connection, "consent_text", ORG)] == ["2026-4", "2026-3"]
        drafting.put_item(
            connection,
            "consent_text",
            ORG,
            item.model_copy(update={"ru": body + "\nИ ещё.", "attrs": {}}),
            revision=0,
            author="zoya",
            now=NOW,
        )
        again = _publish(connection, registry, "consent_text")
        assert again.by_code["health_data"].attrs["version"] == again.version == "2026-5"
        assert again.by_code["video"].attrs["version"] == "2026-3"
        assert consents.get_text(connection, ORG, "health_data", "2026-5") is not None
        assert consents.get_text(connection, ORG, "video", "2026-5") is None


def test_only_an_administrator_says_which_reasons_are_intoxication(engine: Engine, worker: Any) -> None:
    item = next(item for item in _items("reasons") if item.code == "other")
    changed = item.model_copy(update={"attrs": {"class": "intoxication"}})
    with writing(engine) as connection:
        for role, is_taken in ((Role.SENIOR_MEDIC, False), (Role.ADMINISTRATOR, True)):
            values: dict[str, Any] = {"revision": 0, "author": "zoya", "now": NOW, "rights": RIGHTS[role]}
            if is_taken:
                drafting.put_item(connection, "reasons", ORG, changed, **values)
                continue
            with pytest.raises(BookRefused) as refused:
                drafting.put_item(connection, "reasons", ORG, changed, **values)
            assert _faults(refused) == [("other", "class", "administrator_only")]
            new = BookItem(code="fatigue", ru="Утомление", attrs={"class": "other"})
            drafting.put_item(connection, "reasons", ORG, new, **values)


def test_what_is_published_stays_in_the_store_as_it_is(engine: Engine) -> None:
    with writing(engine) as connection:
        publishing.add_shipped(connection, NOW)
        guards.put_in_place(connection)
    try:
        for statement in (
            "UPDATE book_item SET ru = 'x'",
            "DELETE FROM book_item",
            "UPDATE book_version SET basis = 'x'",
        ):
            with pytest.raises(DBAPIError), writing(engine) as connection:
                connection.execute(text(statement))
    finally:
        take_guards_out(engine)
