"""Every page and file of both roles of an employer: no reason, complaint, finding or value with a unit, and no SNILS."""

import contextlib
import io
import re
import subprocess
from collections.abc import Iterator
from datetime import timedelta

import httpx
import openpyxl
import pytest
from docx import Document
from fastapi import FastAPI

from central.console.app import every_route, guards_of
from central.console.guard import Guard
from central.core.days import day_of
from central.core.reasons import shipped_reasons
from central.core.rights import EMPLOYER_ROLES, RIGHTS, Right, Role
from central.store.engine import writing
from central.store.registry import worker
from dopusk.lab.demo.sample_people import sample_snils
from tests.console_centre import Browser, ConsoleCentre
from tests.unit.console.test_ground_rules import send, senior

__all__ = ["senior"]
COMMENT, SAID, NOTE, BLOCK = "гипертония", "болит голова справа", "диоптрии минус", "Отстранить по болезни"
VALUES = re.compile(r"\d\s*(°C|мм\s?рт|mmHg|уд/мин|мг/л|mg/L|bpm|%)")
SNILS = re.compile(r"\d{3}-\d{3}-\d{3}[ -]\d{2}|\b\d{11}\b")
FORMS = ("xlsx", "docx", "pdf")


@pytest.fixture
def told(centre: ConsoleCentre, zoya: Browser, senior: Browser) -> None:
    """Everything that an employer must not learn, of the own workers."""
    tomorrow = f"{day_of(centre.now()) + timedelta(days=20):%d.%m.%Y}"
    row = {"Вид": "Периодический осмотр", "Действует до": tomorrow, "Заключение": "ограничения", "Примечание": NOTE}
    assert "Сохранено" not in send(senior, centre, row).text
    complaint = {"feels_well": False, "codes": ["headache"], "text": SAID}
    refused = centre.exam("1001", systolic_mmhg=171, complaints=complaint)
    assert zoya.decide(refused, outcome="not_admitted", reasons="pressure_high", comment=COMMENT).status_code == 303
    assert zoya.decide(centre.exam("1002", systolic_mmhg=127), outcome="admitted").status_code == 303
    with writing(centre.engine) as connection:
        held = worker.update().where(worker.c.personnel_number == "1004")
        connection.execute(held.values(status="suspended", block_text=BLOCK))


@pytest.fixture(params=sorted(EMPLOYER_ROLES))
def visitor(request: pytest.FixtureRequest, centre: ConsoleCentre, address: str) -> Iterator[tuple[Role, Browser]]:
    """Somebody of each of the two roles, of the first employer."""
    centre.add_account("theirs", request.param, employer_id=centre.people.employers[0])
    with contextlib.closing(Browser(address)) as browser:
        yield request.param, browser.log_in("theirs", unlock=False)


def _text(answer: httpx.Response) -> str:
    content = answer.content
    if content.startswith(b"%PDF"):
        done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=content, check=True, capture_output=True)
        return done.stdout.decode()
    if not content.startswith(b"PK"):
        return re.sub(r"<[^>]+>", " ", answer.text.split("<main")[-1])
    if b"word/document.xml" in content:
        document = Document(io.BytesIO(content))
        lines = [line.text for line in document.paragraphs]
        return " ".join([*lines, *(cell.text for table in document.tables for row in table.rows for cell in row.cells)])
    book = openpyxl.load_workbook(io.BytesIO(content))
    return " ".join(str(cell) for sheet in book for row in sheet.values for cell in row if cell is not None)


def _addresses(app: FastAPI, centre: ConsoleCentre, role: Role) -> list[str]:
    found = []
    for route in every_route(app):
        (door,) = guards_of(route)
        if (
            "GET" not in route.methods
            or not isinstance(door, Guard)
            or door.right not in RIGHTS[role] - {Right.OWN_ACCOUNT}
        ):
            continue
        path = route.path.replace("{worker_id}", centre.people.workers["1001"])
        if "{" not in path:
            found += [f"{path}?form={form}" for form in FORMS] if path.endswith("/export") else [path]
    return found


@pytest.mark.usefixtures("told")
def test_no_page_and_no_file_of_an_employer_says_why(
    app: FastAPI, centre: ConsoleCentre, visitor: tuple[Role, Browser]
) -> None:
    role, browser = visitor
    reasons = {reason.text(language) for reason in shipped_reasons().values() for language in ("ru", "en")}
    secret = {*reasons, COMMENT, SAID, NOTE, BLOCK, "ограничения", "Не годен", sample_snils("1001")}
    # Signs of intoxication are the one category that the order lets an employer know; nobody here has any.
    addresses = _addresses(app, centre, role)
    assert len(addresses) > 12
    said = set[str]()
    for address in addresses:
        answer = browser.get(address)
        assert answer.status_code == 200, address
        text = " ".join(_text(answer).split())
        said.update(name for name in ("Ветров", "Не допущен", "Отстранён") if name in text)
        folded = text.lower()
        assert [one for one in secret if len(one) > 6 and one.lower() in folded] == [], address
        assert VALUES.findall(text) == [], address
        assert SNILS.findall(text) == [], address
    assert said == {"Ветров", "Не допущен", "Отстранён"}, "the walk has come to what may be said"


@pytest.mark.usefixtures("told")
def test_what_others_may_see_is_closed_to_both_roles(
    app: FastAPI, centre: ConsoleCentre, visitor: tuple[Role, Browser]
) -> None:
    _, browser = visitor
    for path in ("/journal", "/registers/workers", "/grounds", f"/workers/{centre.people.workers['1001']}"):
        assert browser.get(path).status_code == 403, path
