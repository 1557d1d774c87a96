"""Codes of the past in the words of their own version: complaints, reasons, what follows from a reason."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from central.books import drafting, publishing
from central.books.source import StoreBooks
from central.core import book_source
from central.core.reasons import is_intoxication, reasons
from central.keeping.verify import verify_store
from central.keeping.verify_report import Expected
from central.people.registry import Registry
from central.store.engine import writing
from central.words.exam_view import complaint_lines, finding_lines, urgent_complaints
from sync.contract.books import BookItem
from tests.central_store import ORG, take_guards_out

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)


@pytest.fixture
def said(engine: Engine) -> StoreBooks:
    source = StoreBooks(engine)
    book_source.use(source)
    return source


def _publish(engine: Engine, registry: Registry, name: str, item: BookItem, now: datetime) -> str:
    with writing(engine) as connection:
        drafting.put_item(connection, name, ORG, item, revision=0, author="zoya", now=now)
        values: dict[str, Any] = {"basis": "приказ 7", "author": "zoya", "now": now}
        return publishing.publish(connection, registry.outgoing, name, ORG, **values).version


def _payload(version: str, code: str = "back_pain") -> dict[str, Any]:
    findings = [{"parameter": "complaints", "code": "urgent_complaint", "value": code}]
    return {
        "org": ORG,
        "started_at": NOW.isoformat(),
        "books": {"complaints": version} if version else {},
        "complaints": {"feels_well": False, "codes": [code], "text": ""},
        "rule_verdict": {"findings": findings},
    }


def test_a_complaint_keeps_the_words_of_the_version_that_the_kiosk_showed(
    engine: Engine, registry: Registry, worker: Any, said: StoreBooks
) -> None:
    first = _publish(engine, registry, "complaints", BookItem(code="back_pain", ru="Болит спина"), NOW)
    later = NOW + timedelta(days=1)
    second = _publish(engine, registry, "complaints", BookItem(code="back_pain", ru="Боль в спине", en="Back"), later)
    assert complaint_lines(_payload(first), "ru") == ["Болит спина"]
    assert complaint_lines(_payload(second), "ru") == ["Боль в спине"]
    assert complaint_lines(_payload(second), "en") == ["Back"]
    assert urgent_complaints(_payload(first), "ru") == ["Болит спина"]
    assert "Болит спина" in finding_lines(_payload(first), "ru")[0]
    # A record of before names no version: the words of its day.
    moved = _payload("") | {"started_at": (NOW + timedelta(hours=2)).isoformat()}
    assert complaint_lines(moved, "ru") == ["Болит спина"]
    # What a book left as it ships is said in the medic's words.
    assert complaint_lines(_payload(second, "headache"), "ru") == ["Головная боль"]
    assert complaint_lines(_payload(second, "of_tomorrow"), "ru") != [""]


def test_reasons_are_those_of_the_organisation_and_of_the_day(
    engine: Engine, registry: Registry, worker: Any, said: StoreBooks
) -> None:
    item = BookItem(code="drug_test", ru="Тест на наркотики", attrs={"class": "intoxication"})
    assert "drug_test" not in reasons(ORG)
    said._kept.clear()  # two seconds later
    _publish(engine, registry, "reasons", item, NOW)
    assert reasons(ORG)["drug_test"].text("en") == "Тест на наркотики"
    assert "drug_test" not in reasons()
    assert is_intoxication(("drug_test",), ORG)
    assert not is_intoxication(("drug_test",))
    assert not is_intoxication(("drug_test",), ORG, NOW - timedelta(days=1))
    assert reasons(ORG)["alcohol_breath"].group == "intoxication"


def test_a_changed_item_is_named_by_verify(engine: Engine, registry: Registry, worker: Any) -> None:
    # By the clock of now: what is older than a minute has to be sealed.
    version = _publish(engine, registry, "complaints", BookItem(code="back_pain", ru="Болит спина"), datetime.now(UTC))
    expected = Expected(None, None, None)
    assert [one for one in verify_store(engine, expected).faults if one.place.startswith("book")] == []
    take_guards_out(engine)
    with writing(engine) as connection:
        connection.execute(text("UPDATE book_item SET ru = 'Болит' WHERE code = 'back_pain'"))
    places = [one.place for one in verify_store(engine, expected).faults]
    assert f"book complaints {version} of {ORG}" in places
