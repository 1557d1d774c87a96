"""`dopusk central register | export | import` against a real store."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from central.imports.exams import FAULT
from central.imports.exams import HEADINGS as EXAM_HEADINGS
from central.imports.tables import read_table, write_table
from central.imports.workers import HEADINGS
from central.store import decisions, exams
from central.store.audit import audit
from central.store.engine import reading
from dopusk.commands.central_group import app
from sync.contract.exam import EXAM_SCHEMA
from tests.console_centre import PASSPHRASE, Browser, ConsoleCentre

Run = Callable[..., Result]


@pytest.fixture
def run(centre: ConsoleCentre) -> Run:
    config = ["--config", str(centre.folder / "central.toml")]
    return lambda *words, text="": CliRunner().invoke(app, [*map(str, words), *config], input=text)


def test_signed_decision_and_journal_come_out(centre: ConsoleCentre, zoya: Browser, run: Run, tmp_path: Path) -> None:
    exam_id = centre.exam("1001")
    zoya.decide(exam_id, outcome="admitted")
    with reading(centre.engine) as connection:
        (item,) = decisions.of_exam(connection, exam_id)
    done = run("export", "decision", item.decision_id, tmp_path / "signed")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "signed" / "decision.cms").read_bytes() == item.cms
    assert run("export", "decision", "nothing", tmp_path / "signed").exit_code == 1

    for name in ("journal.csv", "journal.xlsx"):
        written = run("export", "journal", tmp_path / name, "--org", "zarya")
        assert "1 rows" in written.output
    assert "Ветров Степан Ильич" in (tmp_path / "journal.csv").read_text(encoding="utf-8-sig")
    assert run("export", "journal", tmp_path / "journal.csv", "--org", "zarya").exit_code == 2
    with reading(centre.engine) as connection:
        noted = connection.execute(select(audit.c.action, audit.c.org).where(audit.c.address == "command line")).all()
    assert sorted(map(tuple, noted), key=str) == [
        ("decision.export", None),
        ("journal.export", "zarya"),
        ("journal.export", "zarya"),
    ]


def test_workers_go_out_and_come_back_whole_or_not_at_all(centre: ConsoleCentre, run: Run, tmp_path: Path) -> None:
    out, bad, faults = tmp_path / "workers.xlsx", tmp_path / "bad.xlsx", tmp_path / "faults.xlsx"
    assert run("export", "workers", out, "--org", "zarya").exit_code == 0
    assert "changed 8" in run("import", "workers", out, "--org", "zarya").output
    bad.write_bytes(write_table(HEADINGS, [["9", "Имя", "слесарь", "нет такого", *[""] * 8]]))
    refused = run("import", "workers", bad, "--org", "zarya", "--errors", faults)
    assert refused.exit_code == 1
    assert "row 2" in refused.output
    assert faults.exists()


def test_exams_from_a_file_take_the_way_of_ingest(centre: ConsoleCentre, run: Run, tmp_path: Path) -> None:
    payload = centre.payload("1001")
    _, sealed = centre.terminal.seal(EXAM_SCHEMA, payload)
    good = {"org": "zarya", "message": json.loads(sealed.wire)}
    forged = {"org": "zarya", "message": json.loads(sealed.wire) | {"signature": "AAAA", "seq": 2}}
    file = tmp_path / "exams.jsonl"
    file.write_text("\n".join([json.dumps(good, ensure_ascii=False), "", "{not json", json.dumps(forged)]))

    first = run("import", "exams", file, "--json")
    outcomes = [(row["line"], row["outcome"]) for row in map(json.loads, first.output.splitlines())]
    assert sorted(outcomes) == [(1, "accepted"), (3, "refused"), (4, "refused")]
    assert first.exit_code == 1
    again = run("import", "exams", file)
    assert "duplicate 1" in again.output


def test_exams_from_a_workbook_are_tried_first_and_faults_come_back_in_its_form(
    centre: ConsoleCentre, run: Run, tmp_path: Path
) -> None:
    _, sealed = centre.terminal.seal(EXAM_SCHEMA, centre.payload("1001"))
    message = json.loads(sealed.wire)
    forged = message | {"signature": "AAAA"}
    rows = [["zarya", json.dumps(message)], ["zarya", json.dumps(forged)], ["", "{}"], ["zarya", "[1]"]]
    file, faults = tmp_path / "exams.xlsx", tmp_path / "faults.xlsx"
    file.write_bytes(write_table(EXAM_HEADINGS, rows))

    tried = run("import", "exams", file, "--dry-run")
    assert tried.exit_code == 1
    assert "nothing stored; would be: accepted 1, refused 3" in tried.output
    with reading(centre.engine) as connection:
        assert exams.count(connection) == 0

    taken = run("import", "exams", file, "--errors", faults)
    assert "accepted 1, refused 3" in taken.output
    refused = read_table(faults.read_bytes(), [*EXAM_HEADINGS, FAULT])
    assert {row[EXAM_HEADINGS[1]] for row in refused} == {json.dumps(forged), "{}", "[1]"}
    assert all(row[FAULT] for row in refused)
    assert "duplicate 1, refused 3" in run("import", "exams", file, "--dry-run").output

    file.write_bytes(write_table(["Организация"], [["zarya"]]))
    unreadable = run("import", "exams", file)
    assert unreadable.exit_code == 2
    assert "Сообщение" in unreadable.output


def test_refused_lines_come_back_as_lines_that_can_be_put_right(
    centre: ConsoleCentre, run: Run, tmp_path: Path
) -> None:
    _, sealed = centre.terminal.seal(EXAM_SCHEMA, centre.payload("1001"))
    message = json.loads(sealed.wire)
    file, faults = tmp_path / "exams.jsonl", tmp_path / "faults.jsonl"
    file.write_text(json.dumps({"org": "nowhere", "message": message}) + "\n{not json\n", encoding="utf-8")
    assert run("import", "exams", file, "--errors", faults).exit_code == 1
    lines = sorted((json.loads(line) for line in faults.read_text(encoding="utf-8").splitlines()), key=len)
    assert lines[0]["text"] == "{not json"
    assert lines[1]["code"] == "unknown_terminal"
    assert "kiosk-1 is not registered" in lines[1]["error"]
    file.write_text(json.dumps(lines[1] | {"org": "zarya"}), encoding="utf-8")
    assert "accepted 1" in run("import", "exams", file).output


def test_organisation_and_medic_are_entered_and_can_sign(centre: ConsoleCentre, run: Run) -> None:
    made = run(
        "register",
        "organisation",
        "novaya",
        "--name",
        "Медпункт «Новый»",
        "--licence",
        "Л-1",
        "--oid",
        "1.2.643.5.1.13.13.12.2.77.99998",
    )
    assert made.exit_code == 0, made.output
    papers = [
        "--full-name", "Тихий Лев Ильич", "--position", "врач", "--accreditation-until", "2030-01-01",
        "--training-hours", "36", "--training-at", "2025-01-01", "--federal-register-at", "2025-01-01",
    ]  # fmt: skip
    medic = run("register", "medic", "--org", "novaya", *papers, "--passphrase-stdin", text=f"{PASSPHRASE}\n")
    assert medic.exit_code == 0, medic.output
    unknown = run("register", "medic", "--org", "nowhere", *papers, "--passphrase-stdin", text=f"{PASSPHRASE}\n")
    assert unknown.exit_code == 1
    assert "nowhere" in unknown.output
