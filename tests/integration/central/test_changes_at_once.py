"""The same thing done by many at the same moment, on both stores: nothing is lost, doubled or overwritten unseen."""

import contextlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any, TypeVar

import httpx
import pytest
from sqlalchemy import Engine, select, text

from central.access.second_factor import new_recovery_codes
from central.core.rights import Role
from central.exchange.rosters import Rosters
from central.jobs.queue import MOST_UNFINISHED, TooManyJobs
from central.people.consents import ConsentRefused, Consents
from central.people.limits import LimitDraft, set_limit
from central.store import consents as consent_store
from central.store import copies, decisions, grounds, recovery_codes, statements
from central.store.copies import copy
from central.store.decisions import Claim
from central.store.engine import reading, writing
from central.store.journal import JournalFilter, every
from central.store.outgoing import centre_outbox
from central.store.papers import paper
from dopusk.lab.demo.sample_people import ORG
from dopusk.lab.postgres import fresh_database
from sync.contract.envelope import read_unverified
from tests.central_store import answer_rosters
from tests.console_centre import Browser, ConsoleCentre, build_console_centre, cheap_hashes, serving
from tests.written_papers import write_paper

TIMES = 6
Given = TypeVar("Given")


@pytest.fixture(params=["sqlite", "postgresql"])
def centre(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ConsoleCentre]:
    cheap_hashes(monkeypatch)
    url = "sqlite:///central.db"
    if request.param == "postgresql":
        url = fresh_database(request.getfixturevalue("postgres"), "at_once")
    made = build_console_centre(tmp_path, url)
    yield made
    made.engine.dispose()


@pytest.fixture
def people(centre: ConsoleCentre) -> Iterator[dict[str, Browser]]:
    """Two medics and a senior medic with their browsers."""
    centre.add_medic("zoya", "Луговая Зоя Марковна")
    centre.add_medic("foma", "Бережной Фома Лукич")
    centre.add_account("senior", Role.SENIOR_MEDIC)
    with contextlib.ExitStack() as stack:
        address = stack.enter_context(serving(centre.app(), centre.config.http.port))
        yield {
            name: stack.enter_context(contextlib.closing(Browser(address))).log_in(name, unlock=name != "senior")
            for name in ("zoya", "foma", "senior")
        }


def _at_once(work: Callable[[int], Given], times: int = TIMES) -> list[Given]:
    """What that many threads get that begin at the same moment."""
    start = Barrier(times)

    def begin(number: int) -> Given:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(begin, range(times)))


def _form(browser: Browser, path: str) -> dict[str, str]:
    """The hidden fields of the page's last form."""
    text = browser.get(path).text
    parts = {name: text.split(f'name="{name}" value="') for name in ("csrf", "seen", "exam_message_id")}
    return {name: found[-1].split('"')[0] for name, found in parts.items() if len(found) > 1}


def _post(browser: Browser, path: str, fields: dict[str, Any]) -> int:
    # A client of its own for each: one client would send one after the other.
    with httpx.Client(base_url=browser.http.base_url, cookies=browser.http.cookies, timeout=120) as own:
        return own.post(path, data=fields).status_code


def test_one_exam_is_decided_once_whoever_presses(centre: ConsoleCentre, people: dict[str, Browser]) -> None:
    exam_id = centre.exam("1001")
    path = f"/exams/{exam_id}/decision"
    forms = {name: _form(people[name], f"/exams/{exam_id}") for name in ("zoya", "foma")}

    def decide(number: int) -> int:
        name = ("zoya", "foma")[number % 2]
        return _post(people[name], path, forms[name] | {"outcome": "admitted"})

    assert sorted(_at_once(decide)) == [303] + [409] * (TIMES - 1)
    with reading(centre.engine) as connection:
        assert len(decisions.of_exam(connection, exam_id)) == 1


def test_numbers_of_papers_follow_each_other(centre: ConsoleCentre, people: dict[str, Browser]) -> None:
    zoya = people["zoya"]
    exams = [centre.exam(number) for number in ("1001", "1002", "1004")]
    for exam_id in exams:
        assert zoya.decide(exam_id, outcome="not_admitted", reasons="alcohol_breath").status_code == 303
        assert write_paper(zoya, exam_id).status_code == 303
    token = _form(zoya, "/journal")["csrf"]
    done = _at_once(
        lambda number: _post(zoya, f"/exams/{exams[number % 3]}/papers", {"csrf": token, "kind": "refusal"})
    )
    assert done == [200] * TIMES
    with reading(centre.engine) as connection:
        rows = connection.execute(select(paper.c.number, paper.c.prints).order_by(paper.c.number)).all()
    assert [tuple(row) for row in rows] == [(1, 2), (2, 2), (3, 2)]
    with reading(centre.engine) as connection:
        paper_id = str(connection.execute(select(paper.c.paper_id).where(paper.c.number == 1)).scalar_one())
        printed = connection.execute(select(copy.c.copy_no, copy.c.role)).all()
    assert printed == [(1, "original")] * 3, "whoever prints at the same moment gets the same original"
    wanted = {"csrf": token, "role": "internal", "form": "paper", "ground": "тренировка"}
    assert _at_once(lambda _: _post(zoya, f"/conclusions/{paper_id}/copies", wanted)) == [303] * TIMES
    with reading(centre.engine) as connection:
        items = copies.of_papers(connection, [paper_id])[paper_id]
    assert [item.copy_no for item in items] == list(range(1, TIMES + 2)), "each number once"
    assert len({item.sha256 for item in items}) == TIMES + 1
    files = {path.name for path in centre.config.media_dir.rglob("*") if path.is_file()}
    assert {item.stored_sha256 for item in items} <= files
    assert len(files) == TIMES + 3, "what was drawn for a number that was taken is gone"
    moves = {"csrf": token, "kind": "destroy", "on_day": centre.now().date().isoformat(), "document": "акт 1"}
    done = _at_once(lambda _: _post(zoya, f"/conclusions/copies/{items[-1].copy_id}", moves))
    assert sorted(done) == [303] + [409] * (TIMES - 1), "one copy is destroyed once"


def test_of_two_who_change_one_entry_the_second_is_told(centre: ConsoleCentre, people: dict[str, Browser]) -> None:
    path = f"/registers/workers/{centre.people.workers['1001']}"
    fields = _form(people["senior"], path) | {
        "personnel_number": "1001",
        "full_name": "Ветров Степан Ильич",
        "employer_id": centre.people.employers[0],
        "status": "active",
        "remote_allowed": "yes",
    }
    done = _at_once(lambda number: _post(people["senior"], path, fields | {"position": f"водитель {number}"}))
    assert sorted(done) == [303] + [409] * (TIMES - 1)


def test_one_number_is_given_to_one_worker(centre: ConsoleCentre, people: dict[str, Browser]) -> None:
    fields = {"csrf": _form(people["senior"], "/registers/workers/new")["csrf"], "personnel_number": "7777"}
    fields |= {"position": "водитель", "employer_id": centre.people.employers[0], "status": "active"}
    fields |= {"remote_allowed": "yes"}
    names = ("Астрова Анна", "Берёзов Борис", "Вербина Вера", "Грачёв Глеб", "Дубова Дарья", "Ежов Егор")
    done = _at_once(
        lambda number: _post(people["senior"], "/registers/workers/new", fields | {"full_name": names[number]})
    )
    assert sorted(done) == [303] + [422] * (TIMES - 1)


def _payloads(engine: Engine, kind: str) -> list[dict[str, Any]]:
    """What was queued for the terminal of that kind, oldest first."""
    with reading(engine) as connection:
        query = select(centre_outbox.c.wire).where(
            centre_outbox.c.kind == kind, centre_outbox.c.terminal_id == "kiosk-1"
        )
        rows = connection.execute(query.order_by(centre_outbox.c.seq)).scalars()
        return [dict(read_unverified(wire)[0].payload) for wire in rows if wire]


def test_the_last_roster_holds_what_everybody_has_changed(centre: ConsoleCentre) -> None:
    numbers = ("1001", "1002", "1003", "1004", "1005", "1006")
    photos = [f"{number:064x}" for number in range(TIMES)]

    def change(number: int) -> None:
        with writing(centre.engine) as connection:
            centre.registry.set_photo(connection, ORG, centre.people.workers[numbers[number]], photos[number])

    _at_once(change)
    answer_rosters(centre.engine)
    Rosters(centre.engine, centre.outgoing).work()
    assert set(photos) <= set(json.dumps(_payloads(centre.engine, "roster")[-1]).split('"'))


def test_the_last_book_holds_every_limit(centre: ConsoleCentre) -> None:
    names = ("systolic_mmhg", "diastolic_mmhg", "pulse_per_min", "temperature_celsius")

    def change(number: int) -> None:
        high = 38.0 if names[number] == "temperature_celsius" else 150.0 - number
        draft = LimitDraft(ORG, "organisation", "", names[number], None, high, f"приказ {number}")
        with writing(centre.engine) as connection:
            set_limit(connection, centre.registry, centre.outgoing, draft, "Луговая З. М.", datetime.now(UTC))

    _at_once(change, len(names))
    last = json.dumps(_payloads(centre.engine, "reference")[-1], ensure_ascii=False)
    assert [number for number in range(len(names)) if f"приказ {number}" not in last] == []


def test_one_consent_is_entered_once_and_withdrawn_once(centre: ConsoleCentre) -> None:
    book = Consents(centre.registry)
    today, worker_id = datetime.now(UTC).date() - timedelta(days=1), centre.people.workers["1001"]
    kind, given = "biometric_comparison", {"means": "paper", "basis": "б/н", "author": "a"}

    def text(number: int) -> str:
        try:
            with writing(centre.engine) as connection:
                book.add_text(
                    connection,
                    ORG,
                    "biometric_comparison",
                    "9",
                    f"Текст {number}",
                    valid_from=date(2026, 1, 1),
                    author="a",
                )
        except ConsentRefused:
            return "refused"
        return "done"

    def give(_: int) -> str:
        try:
            with writing(centre.engine) as connection:
                book.give(connection, worker_id, kind, "9", given_on=today, **given)
        except ConsentRefused:
            return "refused"
        return "done"

    expected = ["done"] + ["refused"] * (TIMES - 1)
    assert sorted(_at_once(text)) == expected
    assert sorted(_at_once(give)) == expected
    with reading(centre.engine) as connection:
        (record,) = consent_store.of_worker(connection, worker_id)

    def withdraw(_: int) -> str:
        try:
            with writing(centre.engine) as connection:
                book.withdraw(connection, record.consent_id, withdrawn_on=today, **given)
        except ConsentRefused:
            return "refused"
        return "done"

    assert sorted(_at_once(withdraw)) == expected


def test_one_exam_is_claimed_by_one(centre: ConsoleCentre) -> None:
    exam_id, now = centre.exam("1001"), datetime.now(UTC)

    def claim(number: int) -> bool:
        with writing(centre.engine) as connection:
            wanted = Claim(exam_id, f"account-{number}", f"Имя {number}", now, now + timedelta(minutes=2))
            return decisions.take_claim(connection, wanted, now)

    assert sorted(_at_once(claim)) == [False] * (TIMES - 1) + [True]


def test_renewed_codes_are_one_set(centre: ConsoleCentre) -> None:
    def renew(_: int) -> None:
        with writing(centre.engine) as connection:
            new_recovery_codes(connection, "somebody", datetime.now(UTC))

    _at_once(renew)
    with reading(centre.engine) as connection:
        assert recovery_codes.count_unused(connection, "somebody") == 10


def test_nobody_asks_for_more_jobs_than_anybody_may(centre: ConsoleCentre) -> None:
    jobs = centre.app().state.console.jobs

    def ask(_: int) -> str:
        try:
            with writing(centre.engine) as connection:
                jobs.ask(connection, "somebody", "journal_export", {})
        except TooManyJobs:
            return "too many"
        return "asked"

    assert _at_once(ask, MOST_UNFINISHED + 4).count("asked") == MOST_UNFINISHED


def test_the_same_ground_counts_once(centre: ConsoleCentre) -> None:
    row = {
        "org": ORG,
        "worker_id": centre.people.workers["1001"],
        "kind": "periodic",
        "at": date(2026, 1, 1),
        "finding": "fit",
        "blocks_remote": False,
        "note": "",
        "source": "реестр",
        "sha256": "a" * 64,
        "entered_at": datetime.now(UTC),
    }

    def add(number: int) -> int:
        with writing(centre.engine) as connection:
            return grounds.add(connection, [row | {"ground_id": f"ground-{number}"}])

    assert sorted(_at_once(add)) == [0] * (TIMES - 1) + [1]


def test_a_month_is_billed_once_and_as_the_journal_counts_it(centre: ConsoleCentre, people: dict[str, Browser]) -> None:
    first = (datetime.now().astimezone().date().replace(day=1) - timedelta(days=1)).replace(day=1)
    for day, number in ((0, "1001"), (0, "1002"), (14, "1001"), (15, "1002"), (27, "1001")):
        moment = datetime.combine(first + timedelta(days=day), time(hour=0 if day else 23)).astimezone()
        exam_id = centre.exam(number, started_at=moment, exam_type="pre_trip")
        assert people["zoya"].decide(exam_id, outcome="not_admitted", reasons="complaints").status_code == 303
    centre.exam("1004", started_at=datetime.combine(first, time(8)).astimezone(), exam_type="pre_trip")
    employer_id, senior = centre.people.employers[0], people["senior"]
    said = {"employer_id": employer_id, "number": "9", "since_day": f"{first}", "until_day": "", "vat_note": "без НДС"}
    path = senior.post("/contracts", said).headers["location"]
    for day, price in ((0, "99,99"), (15, "101,01")):
        first_day = f"{first + timedelta(days=day)}"
        price_said = {"exam_type": "pre_trip", "first_day": first_day, "price": price}
        assert senior.post(f"{path}/prices", price_said, page=path).status_code == 303
    form = {"csrf": _form(senior, path)["csrf"], "employer_id": employer_id, "month": f"{first:%Y-%m}"}
    done = _at_once(lambda _: _post(senior, "/statements", form))
    assert sorted(done) == [303] + [422] * (TIMES - 1), "two who issue at once issue one"
    with reading(centre.engine) as connection:
        (item,) = statements.listed(connection, [ORG], 9)
        # By hand, over the journal's own rows: whose price each exam has is asked of the prices in plain SQL.
        rows = connection.execute(
            text(
                "SELECT e.finished_at FROM exam e WHERE e.org = :org AND e.employer_id = :employer"
                " AND e.state = 'decided' AND e.outcome IN ('admitted', 'not_admitted', 'refer')"
            ),
            {"org": ORG, "employer": employer_id},
        ).scalars()
        days = [_local_day(row) for row in rows]
        cost = text("SELECT kopecks FROM contract_price WHERE first_day <= :day ORDER BY first_day DESC LIMIT 1")
        sums = [
            int(connection.execute(cost, {"day": f"{day}"}).scalar_one()) for day in days if day.month == first.month
        ]
    shown = JournalFilter((ORG,), employer_id=employer_id, outcome="not_admitted")
    with reading(centre.engine) as connection:
        assert item.content["count"] == len(sums) == len(list(every(connection, shown))) == 5
    assert item.sum_kopecks == sum(sums) == 3 * 9999 + 2 * 10101
    assert item.content["left_out"] == {"waiting": 1}


def _local_day(moment: Any) -> date:
    """The centre's day of a moment as the driver gives it: a text of SQLite's in UTC, or an aware one."""
    found = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return (found.replace(tzinfo=UTC) if found.tzinfo is None else found).astimezone().date()
