"""A duty, a post, a contract, a price and a statement with their invented numbers, for tests whose subject is another one."""

from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from central.contracts.billing import difference, lines_of, terms_of
from central.contracts.statements import SCHEMA, content_hash
from central.store import contracts, duties, posts, statements
from central.store.contracts import Contract, ContractPrice
from central.store.duties import Duty, Handover
from central.store.posts import Post
from central.store.statements import Statement
from sync.contract.canonical import new_id

PARTY = {"name": "ООО «Рассвет-Пример»", "inn": "7700000000"}


def add_duty(connection: Connection, org: str, account_id: str, now: datetime) -> tuple[str, str]:
    """A duty that goes on, and one that was handed over; the ids of the duty and of the handover."""
    hour = timedelta(hours=1)
    made = Duty(new_id(), org, account_id, now - hour, now + 7 * hour, now, "stage")
    before = Duty(new_id(), org, "stage", now - 8 * hour, now, now, "stage")
    duties.add(connection, made)
    duties.add(connection, before)
    duties.end(connection, before, "handed_over", now - hour, "stage")
    waiting = [{"exam_id": new_id(), "terminal": "Терминал 1", "since": now.isoformat()}]
    item = Handover(new_id(), org, before.duty_id, "stage", waiting, "тонометр у окна", now)
    duties.add_handover(connection, item)
    return made.duty_id, item.handover_id


def add_post(connection: Connection, org: str, employer_id: str, now: datetime) -> str:
    """A post of which the assessment is over, in its second version; its id."""
    first = Post(
        post_id=new_id(),
        version=1,
        org=org,
        employer_id=employer_id,
        number="12",
        title="Водитель автобуса регулярных городских пассажирских маршрутов",
        department="Автоколонна № 1",
        position_code=None,
        places=4,
        harm_factors=("4.1",),
        sout_class="3.1",
        sout_until=now.date() - timedelta(days=1),
        document="Отчёт о СОУТ № 7 от 01.02.2021",
        is_closed=False,
    )
    posts.put(connection, [first, replace(first, version=2, places=3)], now, "stage")
    return first.post_id


def add_contract(connection: Connection, org: str, employer_id: str, now: datetime) -> tuple[str, str]:
    """Enter them; the ids of the contract and of the second version of a statement of January 2025."""
    day = date(2025, 1, 1)
    made = Contract(new_id(), org, employer_id, "15/25-МО", day, None, "НДС не облагается", now, "stage")
    contracts.add(connection, made)
    price = ContractPrice(new_id(), made.contract_id, org, "pre_shift", day, 15050, now, "stage")
    contracts.add_price(connection, price)
    terms = terms_of([made], {}, [price])
    before: list[dict[str, object]] = []
    for version, count in ((1, 40), (2, 39)):
        lines = [one.stored() for one in lines_of({(date(2025, 1, 9), "pre_shift"): (count, 3)}, terms)]
        content = {
            "schema": SCHEMA,
            "number": 1,
            "version": version,
            "month": "2025-01",
            "offset": "+0300",
            "organisation": PARTY,
            "employer": PARTY,
            "lines": lines,
            "count": count,
            "sum_kopecks": count * 15050,
            "vat_notes": [made.vat_note],
            "left_out": {"waiting": 1, "repeat": 2},
            "previous_sha256": None,
            "difference": difference(before, lines) if before else [],
            "sum_was": 40 * 15050 if before else None,
        }
        item = Statement(
            statement_id=new_id(),
            org=org,
            employer_id=employer_id,
            month="2025-01",
            year=2025,
            number=1,
            version=version,
            content=content,
            sha256=content_hash(content),
            sum_kopecks=count * 15050,
            issued_at=now,
            issued_by="stage",
        )
        statements.add(connection, item)
        before = lines
    return made.contract_id, item.statement_id
