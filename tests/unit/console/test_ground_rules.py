"""Grounds that count, by published rules: asked at the admission, signed into the record, held back at terminals."""

import contextlib
import json
import subprocess
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, update

from central.core.days import day_of
from central.core.rights import Role
from central.deciding.admissions import admissions
from central.imports.ground_columns import HEADINGS
from central.imports.tables import write_table
from central.link import roster_lists
from central.store import roster_entries, worklist
from central.store.decisions import decision
from central.store.engine import reading, writing
from central.store.grounds import ground
from central.store.registry import employer
from dopusk.lab.demo.sample_people import ORG
from sync.contract.canonical import canonical, sha256_hex
from sync.contract.decision import DecisionRecord
from sync.contract.roster import RosterWorker
from tests.console_centre import Browser, ConsoleCentre

RULE = {
    "code": "drivers_book",
    "ru": "Водителям нужна медкнижка",
    "en": "Drivers need a medical book",
    "attr.kind": "medical_book",
    "attr.when": "needed",
    "attr.effect": "ask",
    "attr.basis": "приказ № 7",
    "attr.worker_text": "Медкнижку проверит медработник. Подойдите в медпункт.",
    "attr.okved": "49",
    "offered": "1",
    "revision": "0",
}


@pytest.fixture
def senior(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    centre.add_account("starshaya", Role.SENIOR_MEDIC)
    with writing(centre.engine) as connection:
        connection.execute(update(employer).values(okved="49.31"))
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("starshaya", unlock=False)


def publish(senior: Browser, valid_from: str = "", **changes: str) -> None:
    """Change the rule, publish the book with a basis."""
    fields = {name.replace("__", "."): value for name, value in changes.items()}
    answer = senior.post("/books/ground_rules/items", RULE | fields, page="/books/ground_rules")
    assert answer.status_code == 303, answer.text
    shown = senior.get("/books/ground_rules").text
    seen = shown.split('name="seen" value="')[1].split('"')[0]
    basis = {"basis": "приказ главного врача № 7", "seen": seen, "valid_from": valid_from}
    answer = senior.post("/books/ground_rules/publish", basis, page="/books/ground_rules")
    assert answer.status_code == 303, answer.text


def send(senior: Browser, centre: ConsoleCentre, *rows: dict[str, str], action: str = "apply") -> httpx.Response:
    """Import grounds by the page."""
    usual = {"Табельный номер": "1001", "Дата": "01.02.2026", "Только очно": "нет", "Источник": "ЭЛМК"}
    content = write_table(HEADINGS, [[(usual | row).get(name, "") for name in HEADINGS] for row in rows])
    token = senior.get("/imports/grounds").text.split('name="csrf" value="')[1].split('"')[0]
    return senior.http.post(
        "/imports/grounds", data={"csrf": token, "action": action}, files={"file": ("grounds.xlsx", content)}
    )


def a_book(until: date) -> dict[str, str]:
    return {"Вид": "Медкнижка", "Действует до": f"{until:%d.%m.%Y}", "Номер": "86-01-027970-25"}


def entry(centre: ConsoleCentre, number: str = "1001") -> RosterWorker:
    """What terminals are told of a worker, after everything that waits was made."""
    with writing(centre.engine) as connection:
        roster_lists.make_all_entries(connection, ORG, day_of(centre.now()))
    with reading(centre.engine) as connection:
        made = roster_entries.entries_of(connection, [centre.people.workers[number]])
    return RosterWorker.model_validate_json(made[centre.people.workers[number]].body)


def reason_field(page: str) -> str:
    """The field of the reason, as the page names it."""
    return "ground_reason." + page.split('name="ground_reason.')[1].split('"')[0]


def test_the_kinds_that_were_refused_before_are_imported_and_the_same_file_twice_changes_nothing(
    centre: ConsoleCentre, senior: Browser
) -> None:
    rows = [
        {"Вид": kind}
        for kind in (
            "Предварительный осмотр",
            "Медицинская книжка",
            "Санитарный паспорт",
            "Листок нетрудоспособности",
            "Средства защиты (СИЗ)",
            "working_conditions",
            "restriction",
        )
    ]
    rows.append({"Вид": "Прививка", "Прививка": "Грипп", "Доза": "V1", "Серия": "А-12", "Врач": "Кедрова М. Л."})
    assert "Внесено новых записей: 8" in send(senior, centre, *rows).text
    assert "Внесено новых записей: 0" in send(senior, centre, *rows).text
    with reading(centre.engine) as connection:
        assert connection.execute(select(func.count()).select_from(ground)).scalar_one() == 8
    page = senior.get(f"/exams/{centre.exam('1001')}").text
    assert "influenza, V1, А-12, Кедрова М. Л." in page


def test_a_file_of_before_is_known_again_after_new_columns_came(centre: ConsoleCentre, senior: Browser) -> None:
    """The hash of a row that fills no new column is the one that a centre of before stored."""
    send(senior, centre, {"Вид": "периодический", "Заключение": "годен"})
    said = {
        "kind": "periodic",
        "at": "2026-02-01",
        "valid_until": None,
        "finding": "fit",
        "blocks_remote": False,
        "note": "",
        "source": "ЭЛМК",
    }
    with reading(centre.engine) as connection:
        assert connection.execute(select(ground.c.sha256)).scalar_one() == sha256_hex(canonical(said))


def test_a_book_that_ended_yesterday_asks_for_a_reason_and_the_reason_is_signed(
    centre: ConsoleCentre, senior: Browser, zoya: Browser, tmp_path: Path
) -> None:
    publish(senior)
    send(senior, centre, a_book(day_of(centre.now()) - timedelta(days=1)))
    exam_id = centre.exam("1001")
    page = zoya.get(f"/exams/{exam_id}").text
    assert "Водителям нужна медкнижка" in page
    refused = zoya.decide(exam_id, outcome="admitted")
    assert refused.status_code == 422
    assert "Причина по основаниям" in refused.text
    assert _decisions(centre) == 0
    words = "Книжка продлена, показал бумажную."
    assert zoya.decide(exam_id, outcome="admitted", **{reason_field(page): words}).status_code == 303
    record, cms, anchor = _exported(senior, exam_id, tmp_path)
    (given,) = DecisionRecord.model_validate_json(record.read_bytes()).decision.grounds
    with reading(centre.engine) as connection:
        assert given.ground_id == connection.execute(select(ground.c.ground_id)).scalar_one()
    assert (given.rule, given.state, given.effect, given.reason) == ("drivers_book", "over", "ask", words)
    assert given.rules_version
    verified = subprocess.run(
        [
            *("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", cms, "-content", record),
            *("-CAfile", anchor, "-purpose", "any", "-out", "/dev/null"),
        ],
        capture_output=True,
        check=False,
    )
    assert verified.returncode == 0, verified.stderr
    assert words in zoya.get(f"/exams/{exam_id}").text


def test_without_a_rule_nothing_is_asked_and_what_is_signed_is_as_before(
    centre: ConsoleCentre, senior: Browser, zoya: Browser
) -> None:
    send(senior, centre, a_book(day_of(centre.now()) - timedelta(days=1)))
    exam_id = centre.exam("1001")
    assert zoya.decide(exam_id, outcome="admitted").status_code == 303
    with reading(centre.engine) as connection:
        (record,) = connection.execute(select(decision.c.record)).scalars()
    assert "grounds" not in json.loads(record)["decision"]


def test_a_finding_of_unfit_is_never_admitted_without_a_question(
    centre: ConsoleCentre, senior: Browser, zoya: Browser
) -> None:
    send(senior, centre, {"Вид": "периодический", "Заключение": "не годен", "Только очно": "да"})
    exam_id = centre.exam("1001")
    assert zoya.decide(exam_id, outcome="admitted").status_code == 422
    page = zoya.get(f"/exams/{exam_id}").text
    assert 'class="card blocks"><h2 class="warn">Что мешает' not in page, "rules say it already"
    names = [part.split('"')[0] for part in page.split('name="ground_reason.')[1:]]
    assert len(names) == 2, "the finding, and the demand of the source"
    some = {f"ground_reason.{names[0]}": "Осмотрела."}
    assert zoya.decide(exam_id, outcome="admitted", **some).status_code == 422
    all_ = {f"ground_reason.{name}": "Осмотрела." for name in names}
    assert zoya.decide(exam_id, outcome="admitted", **all_).status_code == 303


def test_two_sources_that_contradict_each_other_are_said_and_asked_about(
    centre: ConsoleCentre, senior: Browser, zoya: Browser
) -> None:
    kind = {"Вид": "психиатрическое", "Только очно": "нет"}
    send(senior, centre, kind | {"Заключение": "годен", "Источник": "Диспансер"})
    send(senior, centre, kind | {"Заключение": "не годен", "Источник": "Поликлиника"})
    exam_id = centre.exam("1001")
    page = zoya.get(f"/exams/{exam_id}").text
    assert "источники противоречат друг другу" in page
    assert zoya.decide(exam_id, outcome="admitted").status_code == 422, "the milder word decides nothing"
    names = [part.split('"')[0] for part in page.split('name="ground_reason.')[1:]]
    reasons = {f"ground_reason.{name}": "Созвонилась с диспансером." for name in names}
    assert zoya.decide(exam_id, outcome="admitted", **reasons).status_code == 303
    with reading(centre.engine) as connection:
        record = json.loads(connection.execute(select(decision.c.record)).scalar_one())
    assert "contradiction" in {one["state"] for one in record["decision"]["grounds"]}


@pytest.mark.parametrize("effect", ["in_person", "not_allowed"])
def test_a_rule_for_an_exam_in_person_holds_the_worker_at_terminals_and_no_exam_of_one_admits(
    centre: ConsoleCentre, senior: Browser, zoya: Browser, effect: str
) -> None:
    before = entry(centre)
    exam_id = centre.exam("1001")
    publish(senior, attr__effect=effect)
    told = entry(centre)
    (hold,) = told.holds
    assert (hold.code, hold.text) == (effect, RULE["attr.worker_text"])
    assert before.holds == ()
    added = len(canonical(told.model_dump(mode="json"))) - len(canonical(before.model_dump(mode="json")))
    assert added < 500
    refused = zoya.decide(exam_id, outcome="admitted", **{"ground_reason.drivers_book|": "Я так решила."})
    assert refused.status_code == 422
    assert "требует очного осмотра" in refused.text
    assert _decisions(centre) == 0
    assert zoya.decide(exam_id, outcome="refer", comment="В медпункт.").status_code == 303


def test_the_employer_sees_that_a_held_worker_has_to_go_to_a_medic_and_no_reason(
    centre: ConsoleCentre, senior: Browser, address: str
) -> None:
    centre.add_account("employer", Role.EMPLOYER, employer_id=centre.people.employers[0])
    publish(senior, attr__effect="in_person")
    entry(centre)
    with reading(centre.engine) as connection:
        found = {
            one.personnel_number: one.state for one in admissions(connection, centre.people.employers[0], centre.now())
        }
    assert found["1001"] == "in_person"
    with contextlib.closing(Browser(address)) as browser:
        shown = browser.log_in("employer", unlock=False).get("/admissions").text.lower()
    # The page has a link of its own to checks of books.
    assert "медкнижк" not in shown.replace("проверить медкнижку", "")
    assert "очн" in shown


def test_a_coming_end_is_told_to_terminals_with_its_days_and_a_newer_book_takes_it_back(
    centre: ConsoleCentre, senior: Browser
) -> None:
    today = day_of(centre.now())
    publish(senior, attr__effect="in_person")
    send(senior, centre, a_book(today + timedelta(days=10)))
    told = entry(centre)
    (notice,) = told.notices
    assert (notice.text, notice.until) == ("Медкнижка", today + timedelta(days=10))
    assert told.hold_on(today) is None
    hold = told.hold_on(today + timedelta(days=11))
    assert hold is not None
    send(senior, centre, a_book(today + timedelta(days=400)))
    assert entry(centre).hold_on(today + timedelta(days=11)) is None


def test_rules_of_another_day_and_a_version_taken_back_reach_the_roster(centre: ConsoleCentre, senior: Browser) -> None:
    publish(senior, attr__effect="in_person")
    assert entry(centre).holds
    version = senior.get("/books/ground_rules").text.split('name="version" value="')[1].split('"')[0]
    basis = {"version": version, "basis": "ошибка в приказе"}
    assert senior.post("/books/ground_rules/withdraw", basis, page="/books/ground_rules").status_code == 303
    assert not entry(centre).holds
    tomorrow = day_of(centre.now()) + timedelta(days=1)
    publish(senior, attr__effect="not_allowed", valid_from=tomorrow.isoformat())
    assert not entry(centre).holds
    with writing(centre.engine) as connection:
        roster_entries.mark_outdated(connection, tomorrow)
        roster_lists.make_all_entries(connection, ORG, tomorrow)
        made = roster_entries.entries_of(connection, [centre.people.workers["1001"]])
    (hold,) = RosterWorker.model_validate_json(next(iter(made.values())).body).holds
    assert hold.code == "not_allowed"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"attr.basis": ""}, "заполните"),
        ({"attr.kind": "medical_bok"}, "такого кода нет"),
        ({"attr.okved": "00"}, "такого кода нет"),
        ({"attr.effect": "in_person", "attr.worker_text": ""}, "заполните"),
        ({"attr.effect": "admit"}, "выберите"),
        ({"attr.employers_inn": "12"}, "это не ИНН"),
    ],
)
def test_a_rule_without_basis_or_with_a_code_that_there_is_not_is_refused_at_its_field(
    senior: Browser, changes: dict[str, str], said: str
) -> None:
    answer = senior.post("/books/ground_rules/items", RULE | changes, page="/books/ground_rules")
    assert answer.status_code == 422
    assert said in answer.text


def test_no_effect_changes_an_exam_that_waits(centre: ConsoleCentre, senior: Browser) -> None:
    exams = [centre.exam("1001"), centre.exam("1002")]
    for effect in ("inform", "ask", "in_person", "not_allowed"):
        held = senior.get("/books/ground_rules").text
        revision = "1" if "drivers_book" in held and 'id="draft"' in held else "0"
        publish(senior, attr__effect=effect, revision=revision, attr__warn_days=str(len(effect)))
        entry(centre)
        with reading(centre.engine) as connection:
            assert {item.exam_id for item in worklist.waiting(connection, [ORG])} == set(exams)
    assert _decisions(centre) == 0


def test_a_medic_publishes_no_rule(centre: ConsoleCentre, senior: Browser, zoya: Browser) -> None:
    assert zoya.post("/books/ground_rules/items", RULE, page="/queue").status_code == 403


def _decisions(centre: ConsoleCentre) -> int:
    with reading(centre.engine) as connection:
        return int(connection.execute(select(func.count()).select_from(decision)).scalar_one())


def _exported(senior: Browser, exam_id: str, folder: Path) -> tuple[Path, Path, Path]:
    links = [
        part.split('"')[0]
        for part in senior.get(f"/exams/{exam_id}").text.split('href="/exams/')[1:]
        if "/decision/" in part
    ]
    paths: dict[str, Any] = {}
    for link in links:
        name = link.rsplit("/", 1)[-1]
        paths[name] = folder / name
        paths[name].write_bytes(senior.get(f"/exams/{link}").content)
    return paths["record.json"], paths["decision.cms"], paths["ca.pem"]
