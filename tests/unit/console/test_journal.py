"""The journal: filters, pages, files."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, update

from central.core.parties import Worker
from central.core.trust import Trust
from central.deciding.decisions import signed_by
from central.journal import signature_check
from central.journal.columns import COLUMNS, file_keys
from central.journal.csv_file import disarmed
from central.signature.chain import FAULTS as SIGNATURE_FAULTS
from central.store import column_sets, decisions, journal
from central.store.accounts import account
from central.store.audit import audit
from central.store.decisions import decision
from central.store.engine import reading, writing
from central.store.exams import exam
from central.store.journal import JournalFilter
from central.words.texts import LANGUAGES, catalogue
from tests.central_store import take_guards_out
from tests.console_centre import Browser, ConsoleCentre


def test_journal_shows_decided_and_waiting_but_keeps_unfinished_apart(centre: ConsoleCentre, zoya: Browser) -> None:
    admitted, waiting = centre.exam("1001"), centre.exam("1002")
    unfinished = centre.exam("1003", state="unfinished", end_reason="interrupted", measurements=[])
    zoya.decide(admitted, outcome="admitted")

    shown = zoya.get("/journal").text
    assert admitted in shown
    assert waiting in shown
    assert unfinished not in shown
    assert unfinished in zoya.get("/journal?unfinished=1").text


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("outcome=not_admitted", {"1003"}),
        ("outcome=waiting", {"1002"}),
        ("deviation=1", {"1003"}),
        ("person=Зареч", {"1002"}),
        ("person=зареч", {"1002"}),
        ("person=1001", {"1001"}),
        ("person=%25", set()),
        ("exam_type=post_trip", {"1001"}),
        ("terminal_id=kiosk-1", {"1001", "1002", "1003"}),
        ("since=2020-01-01&until=2020-01-02", set()),
    ],
)
def test_filters(centre: ConsoleCentre, zoya: Browser, query: str, numbers: set[str]) -> None:
    exams = {
        "1001": centre.exam("1001", exam_type="post_trip"),
        "1002": centre.exam("1002"),
        "1003": centre.exam("1003", systolic_mmhg=160),
    }
    zoya.decide(exams["1001"], outcome="admitted")
    zoya.decide(exams["1003"], outcome="not_admitted", reasons="pressure_high")
    shown = zoya.get(f"/journal?{query}").text
    assert {number for number, exam_id in exams.items() if f"/exams/{exam_id}" in shown} == numbers


def test_filter_by_medic_follows_the_decision_in_force(centre: ConsoleCentre, zoya: Browser, foma: Browser) -> None:
    exam_id = centre.exam("1001")
    zoya.decide(exam_id, outcome="admitted")
    with reading(centre.engine) as connection:
        medics = {name: connection.execute(select(account.c.medic_id).where(account.c.username == name)).scalar_one()
                  for name in ("zoya", "foma")}  # fmt: skip
        first = connection.execute(select(exam.c.decision_id)).scalar_one()

    def shown(name: str) -> bool:
        return f"/exams/{exam_id}" in zoya.get(f"/journal?medic_id={medics[name]}").text

    assert (shown("zoya"), shown("foma")) == (True, False)
    answer = foma.decide(exam_id, outcome="not_identified", comment="не тот человек", corrects=first)
    assert answer.status_code == 303, answer.text
    assert (shown("zoya"), shown("foma")) == (False, True)


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ({}, "ix_exam_org_finished_at (org=?)"),
        ({"outcome": "not_admitted"}, "ix_exam_org_outcome_finished_at (org=? AND outcome=?)"),
        ({"outcome": "waiting"}, "ix_exam_org_outcome_finished_at (org=? AND outcome=?)"),
        ({"medic_id": "nobody"}, "ix_exam_org_medic_id_finished_at (org=? AND medic_id=?)"),
        ({"terminal_id": "nowhere"}, "ix_exam_org_terminal_id_finished_at (org=? AND terminal_id=?)"),
        ({"exam_type": "post_trip"}, "ix_exam_org_exam_type_finished_at (org=? AND exam_type=?)"),
        ({"employer_id": "nobody"}, "ix_exam_employer_id_finished_at (employer_id=?)"),
        ({"deviation": True}, "ix_exam_org_finished_at_deviation (org=?)"),
        ({"person": "1001"}, "ix_exam_worker_id_finished_at (worker_id=?)"),
        ({"worker_ids": ("nobody",)}, "ix_exam_worker_id_finished_at (worker_id=?)"),
        ({"unfinished": True}, "ix_exam_org_outcome_finished_at (org=? AND outcome=?)"),
        # Of two filters the one that leaves fewer leads, whichever it is.
        ({"outcome": "admitted", "terminal_id": "kiosk-1"}, "ix_exam_org_outcome_finished_at (org=? AND outcome=?)"),
        ({"deviation": True, "medic_id": "nobody"}, "ix_exam_org_medic_id_finished_at (org=? AND medic_id=?)"),
        ({"exam_type": "pre_shift", "deviation": True}, "ix_exam_org_finished_at_deviation (org=?)"),
    ],
)
def test_the_filter_that_leaves_the_fewest_leads(centre: ConsoleCentre, wanted: dict[str, Any], index: str) -> None:
    centre.exam("1001", systolic_mmhg=160)
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        asked.append((statement, parameters))

    with reading(centre.engine) as connection:
        event.listen(connection, "before_cursor_execute", note)
        journal.page(connection, JournalFilter(("zarya",), **wanted), (centre.now(), "f"), 50)
        ((statement, parameters),) = [item for item in asked if item[0].startswith("SELECT exam.finished_at")]
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    assert any(f"INDEX {index.removesuffix(')')}" in step for step in plan), plan
    of_one_worker = "person" in wanted
    assert of_one_worker or not any("USE TEMP B-TREE FOR ORDER BY" in step for step in plan), plan


def test_a_name_that_many_have_is_found_too(
    centre: ConsoleCentre, zoya: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "FEW_PEOPLE", 0)
    hers, his = centre.exam("1002"), centre.exam("1001")
    shown = zoya.get("/journal?person=Зареч").text
    assert f"/exams/{hers}" in shown
    assert f"/exams/{his}" not in shown


def test_pages_hold_every_row_once(centre: ConsoleCentre, zoya: Browser) -> None:
    start = centre.now() - timedelta(hours=5)
    # Equal moments must not hide a row between two pages.
    wanted = {centre.exam("1001", started_at=start + timedelta(minutes=place // 3)) for place in range(57)}
    first = zoya.get("/journal").text
    link = first.split('id="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = zoya.get(link).text
    found = [part.split('"')[0] for text in (first, second) for part in text.split('href="/exams/')[1:]]
    assert sorted(found) == sorted(wanted)
    assert 'id="next"' not in second


def test_wrong_day_is_said_at_the_field(zoya: Browser) -> None:
    answer = zoya.get("/journal?since=tomorrow")
    assert answer.status_code == 422
    assert "это не дата" in answer.text


def test_csv_carries_every_column_and_disarms_formulas(centre: ConsoleCentre, zoya: Browser) -> None:
    with writing(centre.engine) as connection:
        evil = Worker("zarya", centre.people.employers[0], "6666", '=HYPERLINK("http://x")', "@SUM(1)")
        centre.registry.save_workers(connection, [evil])
    centre.people.workers["6666"] = evil.worker_id
    exam_id = centre.exam("6666")
    zoya.decide(exam_id, outcome="not_admitted", reasons="complaints", comment="+7 дней", visual_skin="changed")

    answer = zoya.get("/journal/export/csv")

    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    assert len(rows) == 2
    row = dict(zip(("number", *file_keys(COLUMNS)), rows[1], strict=True))
    assert row["full_name"] == '\'=HYPERLINK("http://x")'
    assert row["comment"] == "'+7 дней"
    assert row["skin"] == "есть изменения"
    assert row["conclusion"] == "Н"
    assert row["alcohol"] == "0,000"
    with reading(centre.engine) as connection:
        (entry,) = connection.execute(select(audit).where(audit.c.action == "journal.export")).all()
    assert entry.detail["rows"] == 1


def test_missing_measurement_is_an_empty_cell(centre: ConsoleCentre, zoya: Browser) -> None:
    centre.exam("1001", measurements=[])
    rows = list(csv.reader(io.StringIO(zoya.get("/journal/export/csv").content.decode("utf-8-sig")), delimiter=";"))
    row = dict(zip(("number", *file_keys(COLUMNS)), rows[1], strict=True))
    assert [row[name] for name in ("temperature", "systolic", "diastolic", "pulse", "alcohol", "alcohol_sign")] == [
        ""
    ] * 6


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@a", "\t=1"])
def test_formula_starts_are_disarmed(cell: str) -> None:
    assert disarmed(cell) == f"'{cell}"


def test_column_sets_are_kept_shown_and_forgotten(centre: ConsoleCentre, zoya: Browser, foma: Browser) -> None:
    centre.exam()
    query = "columns=full_name&columns=pulse&person=Ветров"
    kept = zoya.post(f"/journal/columns?{query}", {"name": "  Пульс ", "action": "keep"}, page="/journal")
    assert kept.status_code == 303
    page = zoya.get("/journal").text
    assert 'href="/journal?columns=full_name&amp;columns=pulse"' in page
    assert ">Пульс</a>" in page
    assert ">Пульс</a>" not in foma.get("/journal").text
    assert "заполните" in zoya.post("/journal/columns", {"name": " ", "action": "keep"}, page="/journal").text
    zoya.post("/journal/columns", {"name": "Пульс", "action": "forget"}, page="/journal")
    assert ">Пульс</a>" not in zoya.get("/journal").text


def test_an_account_keeps_so_many_sets_and_no_more(centre: ConsoleCentre, zoya: Browser) -> None:
    for number in range(column_sets.MOST):
        assert (
            zoya.post("/journal/columns", {"name": f"n{number}", "action": "keep"}, page="/journal").status_code == 303
        )
    answer = zoya.post("/journal/columns", {"name": "one more", "action": "keep"}, page="/journal")
    assert answer.status_code == 422
    assert "наборов уже двадцать" in answer.text
    assert zoya.post("/journal/columns", {"name": "n1", "action": "keep"}, page="/journal").status_code == 303


def _cells_of_csv(browser: Browser, query: str = "") -> list[dict[str, str]]:
    content = browser.get(f"/journal/export/csv{query}").content.decode("utf-8-sig")
    return [
        dict(zip(("number", *file_keys(COLUMNS)), row, strict=True))
        for row in list(csv.reader(io.StringIO(content), delimiter=";"))[1:]
    ]


def test_signature_has_certificate_term_and_a_check_that_finds_a_changed_record(
    centre: ConsoleCentre, zoya: Browser
) -> None:
    waiting, admitted = centre.exam("1002"), centre.exam("1001")
    zoya.decide(admitted, outcome="admitted")
    with reading(centre.engine) as connection:
        (item,) = decisions.every(connection)
    signer = signed_by(item, Trust(centre.config.keys.authority_dir))
    assert signer is not None
    certificate = signer.certificate
    term = f"{certificate.not_valid_before_utc:%d.%m.%Y} – {certificate.not_valid_after_utc:%d.%m.%Y}"
    zoya.http.cookies.set("dopusk_zone", "UTC")

    rows = {row["exam_id"]: row for row in _cells_of_csv(zoya)}
    assert rows[admitted]["signature"] == f"ЭП, сертификат {item.certificate_serial}, срок {term}"
    assert rows[admitted]["signature_check"] == "верна"
    assert (rows[waiting]["signature"], rows[waiting]["signature_check"]) == ("", "")

    take_guards_out(centre.engine)
    with writing(centre.engine) as connection:
        connection.execute(update(decision).values(record=item.record.replace(b'"admitted"', b'"refer"', 1)))
    assert {row["signature_check"] for row in _cells_of_csv(zoya)} == {"", "НЕ ВЕРНА: запись изменена"}
    assert "НЕ ВЕРНА: запись изменена" in zoya.get("/journal?columns=full_name&columns=signature_check").text


def test_a_certificate_that_was_revoked_before_the_decision_is_named(centre: ConsoleCentre, zoya: Browser) -> None:
    zoya.decide(centre.exam("1001"), outcome="admitted")
    with reading(centre.engine) as connection:
        (item,) = decisions.every(connection)
    centre.authority.revoke(item.certificate_serial)
    with writing(centre.engine) as connection:
        connection.execute(update(exam).values(decided_at=centre.now() + timedelta(minutes=1)))
    (row,) = _cells_of_csv(zoya)
    assert row["signature_check"] == "НЕ ВЕРНА: сертификат был отозван"


def test_no_signature_is_checked_whose_column_is_not_shown(
    centre: ConsoleCentre, zoya: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    zoya.decide(centre.exam("1001"), outcome="admitted")
    asked: list[bytes] = []
    monkeypatch.setattr(signature_check, "verify_decision", lambda cms, *_content, **_options: asked.append(cms))
    assert zoya.get("/journal").status_code == 200
    assert asked == []
    assert "верна" in zoya.get("/journal?columns=moment&columns=signature_check").text
    assert len(asked) == 1


def test_every_outcome_of_a_check_has_words() -> None:
    for language in LANGUAGES:
        words = {key for key in catalogue(language) if key.startswith("journal.signature.")}
        assert words == {f"journal.signature.{code}" for code in (signature_check.VALID, *SIGNATURE_FAULTS)}


def test_rows_are_numbered_through_all_pages(centre: ConsoleCentre, zoya: Browser) -> None:
    for _ in range(51):
        centre.exam("1001")
    first = zoya.get("/journal").text
    link = first.split('id="next" href="')[1].split('"')[0].replace("&amp;", "&")
    number = '<td class="num muted">{}</td>'
    assert number.format(1) in first
    assert number.format(50) in first
    assert number.format(51) in zoya.get(link).text
    # What is no number counts from the beginning of the page, and shows the same rows.
    assert number.format(1) in zoya.get(link.replace("after_number=50", "after_number=٣")).text
    assert [row["number"] for row in _cells_of_csv(zoya)] == [str(number) for number in range(1, 52)]
