"""Imports as their users meet them: no permission by what is left over, no lock while a file is read, words for every file."""

import contextlib
import io
import re
import threading
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner, Result

from central.core.parties import Worker
from central.core.rights import Role
from central.imports import exams, grounds, history, register_files, worker_columns, workers
from central.imports.tables import read_table, read_table_into
from central.store.engine import reading, writing
from central.store.grounds import ground
from central.store.registry import employer, worker
from central.store.workers import find_worker
from dopusk.commands.central_group import app
from dopusk.lab.demo.sample_people import ORG
from tests.console_centre import Browser, ConsoleCentre
from tests.workbooks import SHEET, row_of, table, with_part, workbook

REMOTE, STATE = worker_columns.REMOTE, worker_columns.STATUS
PERSON = {
    "Табельный номер": "7001",
    "ФИО": "Новиков Лев Ильич",
    "Должность": "слесарь",
    "Работодатель": "ООО «Ромашка-Транс»",
    REMOTE: "да",
    STATE: "работает",
}
GROUND = {"Табельный номер": "1001", "Вид": "прочее", "Дата": "01.02.2026", "Только очно": "нет", "Источник": "ПМО"}
EXAM = {
    "Табельный номер": "1001",
    "Дата": "01.02.2025",
    "Вид осмотра": "предсменный",
    "Заключение": "допущен",
    "Источник": "4",
}
IMPORTS = {
    "/registers/workers/import": "/registers/workers",
    "/imports/grounds": "/imports/grounds",
    "/imports/history": "/imports/history",
}
"""Where a file is sent, and the page with the form."""


@pytest.fixture
def senior(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    centre.add_account("starshaya", Role.SENIOR_MEDIC)
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("starshaya", unlock=False)


@pytest.fixture
def run(centre: ConsoleCentre) -> Callable[..., Result]:
    config = ["--config", str(centre.folder / "central.toml")]
    return lambda *words: CliRunner().invoke(app, [*map(str, words), *config])


def _send(
    browser: Browser, content: bytes, action: str = "apply", path: str = "/registers/workers/import"
) -> httpx.Response:
    token = browser.get(IMPORTS[path]).text.split('name="csrf" value="')[1].split('"')[0]
    return browser.http.post(path, data={"csrf": token, "action": action}, files={"file": ("table.xlsx", content)})


def _stored(centre: ConsoleCentre, number: str) -> Any:
    with reading(centre.engine) as connection:
        return find_worker(connection, ORG, number)


def _enter(centre: ConsoleCentre, **fields: Any) -> None:
    values: dict[str, Any] = {"position": "слесарь", "remote_allowed": False, "block_text": "Кабинет 4"} | fields
    with writing(centre.engine) as connection:
        new = Worker(ORG, centre.people.employers[0], "7001", "Новиков Лев Ильич", **values)
        centre.registry.save_workers(connection, [new])


def _table(*leave_out: str, **changes: str) -> bytes:
    row = {name: text for name, text in (PERSON | changes).items() if name not in leave_out}
    return table(tuple(row), row)


_SPOILED = ("", " ", "\u00a0", "может быть", "#Н/Д", "#N/A", "ИСТИНА", "?", "=1", "да\ufffd")


@pytest.mark.parametrize("words", _SPOILED)
def test_who_may_be_examined_in_person_only_stays_so_whatever_a_cell_lacks(
    centre: ConsoleCentre, senior: Browser, words: str
) -> None:
    _enter(centre)
    answer = _send(senior, _table(**{REMOTE: words}))
    assert answer.status_code == 422
    assert f"<td>{REMOTE}</td>" in answer.text
    assert _stored(centre, "7001")["remote_allowed"] is False


@pytest.mark.parametrize("words", _SPOILED)
@pytest.mark.parametrize("column", [REMOTE, STATE])
def test_nobody_is_added_or_freed_by_a_word_that_says_nothing(
    centre: ConsoleCentre, senior: Browser, column: str, words: str
) -> None:
    if column == STATE:
        _enter(centre, status="suspended")
    answer = _send(senior, _table(**{column: words}))
    assert answer.status_code == 422
    assert f"<td>{column}</td>" in answer.text
    found = _stored(centre, "7001")
    assert found is None if column == REMOTE else found["status"] == "suspended"


def test_a_formula_without_a_value_grants_nothing(centre: ConsoleCentre, senior: Browser) -> None:
    cells = [PERSON[name] for name in PERSON if name not in {REMOTE, STATE}]
    formula = '<c r="E2"><f>IF(TRUE,"да")</f><v></v></c></row>'
    heads = row_of(1, [name for name in PERSON if name != STATE])
    answer = _send(senior, workbook(heads, row_of(2, cells).replace("</row>", formula)))
    assert answer.status_code == 422
    assert "формула без значения" in answer.text
    assert _stored(centre, "7001") is None


def test_an_update_that_leaves_columns_out_changes_nothing_of_them(centre: ConsoleCentre, senior: Browser) -> None:
    kept = {
        "status": "suspended",
        "birth_date": date(1990, 2, 1),
        "sex": "male",
        "cards": ("AA01",),
        "toxicology_at": date(2026, 1, 1),
    }
    _enter(centre, **kept)
    answer = _send(senior, _table(REMOTE, STATE, Должность="токарь"))
    assert answer.status_code == 200
    found = _stored(centre, "7001")
    assert found["position"] == "токарь"
    assert (found["remote_allowed"], found["block_text"]) == (False, "Кабинет 4")
    assert {name: tuple(found[name]) if name == "cards" else found[name] for name in kept} == kept


def test_an_addition_without_the_column_is_a_fault(centre: ConsoleCentre, senior: Browser) -> None:
    answer = _send(senior, _table(REMOTE))
    assert answer.status_code == 422
    assert re.search(rf"<td>{REMOTE}</td><td[^>]*>[^<]*заполните", answer.text)
    assert _stored(centre, "7001") is None


@pytest.mark.parametrize("words", ["", "maybe"])
def test_a_form_without_an_answer_grants_nothing(centre: ConsoleCentre, senior: Browser, words: str) -> None:
    page = senior.get("/registers/workers/new").text
    offered = page.split('name="remote_allowed"')[1].split("</select>")[0]
    assert '<option value="">' in offered, "nothing is chosen beforehand"
    fields = {"personnel_number": "7001", "full_name": "Новиков Лев", "position": "слесарь", "status": "active"}
    sent = fields | {"employer_id": centre.people.employers[0], "remote_allowed": words, "seen": "0"}
    assert senior.post("/registers/workers/new", sent, page="/registers/workers/new").status_code == 422
    assert _stored(centre, "7001") is None


@pytest.mark.parametrize("left_out", [True, False])
def test_a_ground_says_whether_it_forbids(centre: ConsoleCentre, senior: Browser, left_out: bool) -> None:
    row = GROUND | {"Только очно": ""}
    if left_out:
        row.pop("Только очно")
    answer = _send(senior, table(tuple(row), row), path="/imports/grounds")
    assert answer.status_code == 422
    assert "Только очно" in answer.text
    with reading(centre.engine) as connection:
        assert connection.execute(select(ground)).all() == []


def test_a_number_shown_with_zeros_finds_its_worker_and_makes_no_twin(centre: ConsoleCentre, senior: Browser) -> None:
    with writing(centre.engine) as connection:
        new = Worker(
            ORG, centre.people.employers[0], "00042", "Новиков Лев Ильич", "слесарь", birth_date=date(1990, 2, 1)
        )
        centre.registry.save_workers(connection, [new])
    heads = row_of(1, [*PERSON, "Дата рождения"])

    def people(number: str) -> str:
        texts = row_of(2, ["", *list(PERSON.values())[1:], "01.02.1990"])
        return heads + texts.replace('<row r="2">', f'<row r="2"><c r="A2" s="1"><v>{number}</v></c>')

    assert (
        "добавлено 0, изменено 0, без изменений 1"
        in _send(senior, workbook(people("42"), formats=("00000",)), "check").text
    )
    twin = _send(senior, workbook(people("42"), formats=("0",)), "check")
    assert twin.status_code == 422
    assert "такой человек уже есть под другим номером" in twin.text


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        (
            {"Табельный номер": "8001", "Дата рождения": "01.02.1990"},
            {"Табельный номер": "8002", "Дата рождения": "01.02.1990"},
            "такой человек",
        ),
        ({"Табельный номер": "8001"}, {"Табельный номер": "08001"}, "такой человек"),
        ({"Табельный номер": "8001"}, {"Табельный номер": "8001"}, "встречается дважды"),
        ({"Табельный номер": "8001", "Карты": "00AF"}, {"Табельный номер": "8002", "Карты": "00фа"}, "карта"),
        ({"Табельный номер": "8001"}, {"Табельный номер": "8002", "Карты": "1,23457E+15"}, "округлила"),
    ],
)
def test_one_person_or_card_twice_in_a_file_is_a_fault(
    centre: ConsoleCentre, senior: Browser, one: dict[str, str], other: dict[str, str], said: str
) -> None:
    heads = (*PERSON, "Дата рождения", "Карты")
    names = {"ФИО": "Королёв Пётр Ильич"}, {"ФИО": "КОРОЛЕВ  ПЕТР ИЛЬИЧ"}
    answer = _send(senior, table(heads, PERSON | names[0] | one, PERSON | names[1] | other))
    assert answer.status_code == 422
    assert said in answer.text
    assert "строка 3" in answer.text
    assert _stored(centre, "8001") is None


def test_namesakes_with_other_birth_dates_are_two_people(centre: ConsoleCentre, senior: Browser) -> None:
    heads = (*PERSON, "Дата рождения")
    rows = [PERSON | {"Табельный номер": f"800{n}", "Дата рождения": f"0{n}.02.1990"} for n in (1, 2)]
    assert "новых 2" in _send(senior, table(heads, *rows)).text


def test_a_card_goes_from_one_to_the_other_in_one_file(centre: ConsoleCentre, senior: Browser) -> None:
    heads = (*PERSON, "Карты")
    rows = [PERSON | {"Табельный номер": f"800{n}", "ФИО": f"Имярек {n}"} for n in (1, 2)]
    assert "новых 2" in _send(senior, table(heads, rows[0] | {"Карты": "AF01"}, rows[1])).text
    assert "изменено 2" in _send(senior, table(heads, rows[1] | {"Карты": "AF01"}, rows[0])).text


def test_an_employer_is_found_in_any_spelling_and_none_is_guessed(centre: ConsoleCentre, senior: Browser) -> None:
    assert "новых 1" in _send(senior, _table(Работодатель='ооо "РОМАШКА-ТРАНС"')).text
    with writing(centre.engine) as connection:
        connection.execute(
            update(employer)
            .where(employer.c.employer_id == centre.people.employers[1])
            .values(name="ООО «ромашка-транс»")
        )
    answer = _send(
        senior, _table(**{"Табельный номер": "7002", "ФИО": "Другой", "Работодатель": "ООО Ромашка-Транс".upper()})
    )
    assert answer.status_code == 422
    answer = _send(
        senior, _table(**{"Табельный номер": "7002", "ФИО": "Другой", "Работодатель": 'ООО "Ромашка-Транс"'})
    )
    assert "несколько работодателей" in answer.text


def test_row_numbers_are_those_of_the_file(
    centre: ConsoleCentre, senior: Browser, run: Callable[..., Result], tmp_path: Path
) -> None:
    names = tuple(PERSON)
    bad = row_of(6, ["7002", "", *list(PERSON.values())[2:]])
    content = workbook(row_of(1, names), row_of(2, list(PERSON.values())), bad)
    assert "строка 6" in _send(senior, content, "check").text
    lines = [";".join(names), ";".join(PERSON.values()), "", ";;;;;", "7002;;слесарь;ООО «Ромашка-Транс»;да;работает"]
    file = tmp_path / "workers.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    assert "row 5, ФИО: empty cell" in run("import", "workers", file, "--org", ORG).output


@pytest.fixture
def writer(centre: ConsoleCentre, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """While any file is read, somebody else writes: whether they were done before it was read."""
    done: list[bool] = []

    def slowly(read: Callable[..., Any], *args: Any, **options: Any) -> Any:
        def write() -> None:
            with writing(centre.engine) as connection:
                connection.execute(update(worker).where(worker.c.personnel_number == "1001").values(position="другая"))

        other = threading.Thread(target=write)
        other.start()
        other.join(timeout=10)
        done.append(not other.is_alive())
        return read(*args, **options)

    for module in (workers, grounds, history, register_files):
        monkeypatch.setattr(module, "read_table_into", partial(slowly, read_table_into))
    monkeypatch.setattr(exams, "read_table", partial(slowly, read_table))
    return done


@pytest.mark.parametrize("action", ["check", "apply"])
@pytest.mark.parametrize("path", IMPORTS)
def test_nobody_waits_for_a_file_that_is_read_on_a_page(
    senior: Browser, writer: list[bool], action: str, path: str
) -> None:
    content = {"/imports/grounds": table(tuple(GROUND), GROUND), "/imports/history": table(tuple(EXAM), EXAM)}.get(
        path
    ) or _table()
    assert _send(senior, content, action, path).status_code == 200
    assert writer == [True]


def test_nobody_waits_for_a_file_that_is_read_by_a_command(
    run: Callable[..., Result], writer: list[bool], tmp_path: Path
) -> None:
    for kind, content in (
        ("workers", _table()),
        ("grounds", table(tuple(GROUND), GROUND)),
        ("history", table(tuple(EXAM), EXAM)),
    ):
        (tmp_path / kind).write_bytes(content)
        for option in (["--dry-run"], []):
            assert run("import", kind, tmp_path / kind, "--org", ORG, *option).exit_code == 0
    (tmp_path / "exams").write_bytes(table(exams.HEADINGS, {"Организация": ORG, "Сообщение": "{}"}))
    run("import", "exams", tmp_path / "exams")
    assert writer == [True] * 7


def _odd_files() -> dict[str, bytes]:
    good = _table()
    packed_sheet = good.index(SHEET.encode()) + 40
    return {
        "cut": with_part(workbook(row_of(1, tuple(PERSON))), SHEET, lambda part: part[: len(part) // 2]),
        "deflate": good[:packed_sheet] + bytes(40) + good[packed_sheet + 40 :],
        "old": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        "empty": b"",
        "headings": table(("Имя",), {"Имя": "x"}),
        "wide": b";" * 3_000_000,
    }


@pytest.mark.parametrize("name", _odd_files())
def test_every_odd_file_is_answered_in_words(
    centre: ConsoleCentre, senior: Browser, run: Callable[..., Result], tmp_path: Path, name: str
) -> None:
    content = _odd_files()[name]
    for path in IMPORTS:
        answer = _send(senior, content, "check", path)
        assert answer.status_code == 422
        assert 'class="notice bad"' in answer.text
    (tmp_path / "file").write_bytes(content)
    for kind in ("workers", "grounds", "history"):
        done = run("import", kind, tmp_path / "file", "--org", ORG)
        assert done.exit_code == 1
        assert isinstance(done.exception, SystemExit)
        assert len(done.output.strip().splitlines()) == 1
        assert str(tmp_path / "file") in done.output


def test_a_workbook_whose_styles_alone_are_broken_is_taken(centre: ConsoleCentre, senior: Browser) -> None:
    content = with_part(
        _table(),
        "xl/styles.xml",
        lambda part: part.replace(b"<fill>", b"<fill/><fill>", 1).replace(b"<patternFill/>", b""),
    )
    assert zipfile.is_zipfile(io.BytesIO(content))
    assert "новых 1" in _send(senior, content).text
