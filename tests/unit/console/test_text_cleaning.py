"""Signs that nobody sees: they come in nowhere, and those that are stored already stop no export."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner, Result

from central.core.rights import Role
from central.store.accounts import account
from central.store.decisions import decision
from central.store.engine import reading, writing
from central.store.registry import employer, get_organisation, worker
from central.store.workers import find_worker
from dopusk.commands.central_group import app
from dopusk.lab.demo.sample_people import ORG
from tests.central_store import take_guards_out
from tests.console_centre import Browser, ConsoleCentre
from tests.waiting import until

CONTROLS = [chr(code) for code in (*range(1, 9), 0x0B, 0x0C, *range(0x0E, 0x20))]
STORED = "".join(CONTROLS) + "_x000B_\ufffe\uffff\u2028"


@pytest.fixture
def senior(centre: ConsoleCentre, zoya: Browser) -> Browser:
    with writing(centre.engine) as connection:
        connection.execute(update(account).values(role=str(Role.SENIOR_MEDIC)))
    return zoya


@pytest.fixture
def run(centre: ConsoleCentre) -> Callable[..., Result]:
    config = ["--config", str(centre.folder / "central.toml")]
    return lambda *words: CliRunner().invoke(app, [*map(str, words), *config])


def _cells(content: bytes) -> list[str]:
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    return [str(cell or "") for row in sheet.iter_rows(values_only=True) for cell in row]


def _exported(browser: Browser, form: str) -> bytes:
    answer = browser.post(f"/journal/exports/{form}?columns=full_name&columns=comment", {}, page="/journal")
    path = answer.headers["location"]
    assert until(lambda: 'id="download"' in browser.get(path).text or "Внутренняя ошибка" in browser.get(path).text)
    assert 'id="download"' in browser.get(path).text
    return browser.get(f"{path}/file").content


def test_no_control_character_of_a_comment_is_stored_and_the_journal_leaves(
    centre: ConsoleCentre, zoya: Browser
) -> None:
    for sign in CONTROLS:
        comment = f"Жалобы на слабость.{sign}Направлен к терапевту."
        assert zoya.decide(centre.exam("1001"), outcome="refer", comment=comment).status_code == 303
    with reading(centre.engine) as connection:
        records = connection.execute(select(decision.c.record)).scalars().all()
    comments = [json.loads(record)["decision"]["comment"] for record in records]
    assert len(comments) == len(CONTROLS) == 28
    assert {" ".join(words.split()) for words in comments} == {"Жалобы на слабость. Направлен к терапевту."}
    assert not any(sign in words for words in comments for sign in CONTROLS)
    assert sum("Направлен к терапевту." in cell for cell in _cells(_exported(zoya, "xlsx"))) == 28


def test_what_is_stored_already_stops_no_export(
    centre: ConsoleCentre, senior: Browser, run: Callable[..., Result], tmp_path: Path
) -> None:
    exam_id = centre.exam("1001")
    assert senior.decide(exam_id, outcome="not_admitted", reasons="complaints", comment="Слабость").status_code == 303
    take_guards_out(centre.engine)
    with writing(centre.engine) as connection:
        record = json.loads(connection.execute(select(decision.c.record)).scalar_one())
        record["decision"]["comment"] = f"Слабость{STORED}\ud800"
        connection.execute(update(decision).values(record=json.dumps(record).encode()))
        connection.execute(
            update(worker).where(worker.c.personnel_number == "1001").values(position=f"води{STORED}тель")
        )
        connection.execute(update(employer).values(alert_contact=f"де{STORED}журный"))
    assert any(cell.startswith("Слабость") for cell in _cells(_exported(senior, "xlsx")))
    rows = list(csv.reader(io.StringIO(_exported(senior, "csv").decode("utf-8-sig")), delimiter=";"))
    assert rows[1][2].startswith("Слабость")
    assert _exported(senior, "pdf").startswith(b"%PDF")
    for path in (
        "/registers/workers/export",
        "/registers/employers/export",
        "/papers/refusals/export",
        "/consents/export",
    ):
        answer = senior.get(path)
        assert answer.status_code == 200, path
        assert _cells(answer.content)
    for words in (("workers", tmp_path / "w.xlsx"), ("journal", tmp_path / "j.xlsx"), ("journal", tmp_path / "j.csv")):
        done = run("export", *words, "--org", ORG)
        assert done.exit_code == 0, done.output
    assert run("import", "workers", tmp_path / "w.xlsx", "--org", ORG, "--dry-run").exit_code in {0, 1}


@pytest.mark.parametrize("sign", ["\x0b", "\x01", "\x85", "\u2028", "\u200b", "\u202e", "\ufeff"])
def test_forms_take_no_sign_that_nobody_sees(centre: ConsoleCentre, senior: Browser, sign: str) -> None:
    fields = {
        "personnel_number": f"70{sign}01",
        "full_name": f"Цои\u0306{sign} Виктор",
        "position": f"води{sign}тель",
        "employer_id": centre.people.employers[0],
        "status": "active",
        "remote_allowed": "yes",
        "seen": "0",
    }
    answer = senior.post("/registers/workers/new", fields, page="/registers/workers/new")
    assert answer.status_code == 303
    with reading(centre.engine) as connection:
        found = next(iter(filter(None, (find_worker(connection, ORG, number) for number in ("7001", "70 01")))))
    assert found["full_name"] == "Цой Виктор"
    assert sign not in found["position"]


def test_the_command_line_takes_no_sign_that_nobody_sees(centre: ConsoleCentre, run: Callable[..., Result]) -> None:
    done = run("register", "organisation", "novaya", "--name", "Мед\x0bпункт\u200b «Новая»", "--licence", "Л\x01041")
    assert done.exit_code == 0, done.output
    with reading(centre.engine) as connection:
        found = get_organisation(connection, "novaya")
    assert found is not None
    assert (found["name"], found["licence"]) == ("Мед пункт «Новая»", "Л 041")
