"""A fault of a file names its row, its column, what is typed and what comes nearest, for every kind of file and every code."""

import ast
import contextlib
import html
import io
import logging
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import insert

import central.imports
import central.registers.worker_rules
from central.core.rights import Role
from central.imports import grounds, workers
from central.imports.row_faults import CHOICES, MOST_SOUGHT, Nearest, masked_number
from central.people.consents import Consents
from central.store.engine import reading, writing
from central.store.registry import employer, worker
from central.words.texts import catalogue
from dopusk.lab.demo.sample_people import ORG, sample_snils
from sync.contract.canonical import new_id
from tests.console_centre import Browser, ConsoleCentre
from tests.workbooks import table

WORKER = {
    "Табельный номер": "7001",
    "ФИО": "Новиков Лев Ильич",
    "Должность": "слесарь",
    "Работодатель": "ООО «Ромашка-Транс»",
    "Дистанционный осмотр": "да",
}
EXAM = {
    "Табельный номер": "1001",
    "Дата": "01.02.2025",
    "Вид осмотра": "предсменный",
    "Заключение": "допущен",
    "Систолическое, мм рт. ст.": "120",
    "Источник": "Журнал № 4",
}
GROUND = {"Табельный номер": "1001", "Вид": "прочее", "Дата": "01.02.2026", "Только очно": "нет", "Источник": "ПМО"}
AGREED = "биометрия 2026-1 01.02.2026"
WORKERS: list[tuple[str, str, str, str]] = [
    # column, what is typed, code, what comes nearest
    ("ФИО", "", "needed", ""),
    ("ФИО", "х" * 201, "too_long", ""),
    ("ФИО", "Знакомцев Пётр Ильич", "person_taken", ""),
    ("Табельный номер", "1009", "archived", ""),
    ("Работодатель", "Ромашка", "unknown", "ООО «Ромашка-Транс»"),
    ("Работодатель", "ООО «Ромашка-Транз»", "unknown", "ООО «Ромашка-Транс»"),
    ("Работодатель", "ООО Двойник", "several", "ООО Двойник"),
    ("СНИЛС", "112-233-445 96", "wrong_snils", ""),
    ("СНИЛС", sample_snils("1004"), "snils_taken", ""),
    ("ИНН", "770000000190", "wrong_inn", ""),
    ("Водительское удостоверение", "ЩЩ-77", "wrong_licence", ""),
    ("Строка штатного расписания", "77", "no_post", ""),
    ("Дата рождения", "31.02.1990", "not_a_day", "31.12.2026"),
    ("Дата рождения", "01.01.2999", "future", ""),
    ("Пол", "средний", "choose", "м"),
    ("Дистанционный осмотр", "возможно", "choose", "нет"),
    ("Дистанционный осмотр", "#Н/Д", "error_value", ""),
    ("Состояние", "болеет", "choose", "отстранён"),
    ("Карты", "FEED01", "card_taken", ""),
    ("Код должности", "!", "wrong_code", ""),
    ("Вредные факторы", "4.1, ?", "wrong_code", ""),
    ("Вид осмотров", "морской", "choose", "железнодорожный"),
    ("Принят", "31.02.2026", "not_a_day", ""),
    ("Карты", "1,23E+15", "rounded_number", ""),
    ("Должность", "маши\ufffdнист", "lost_sign", ""),
    ("Согласия", "биометрия вчера", "consent_form", ""),
    ("Согласия", "биометрия 2026-7 01.02.2026", "unknown_text", "биометрия 2026-1"),
    ("Согласия", "биометрия 2026-1 31.02.2026", "not_a_day", ""),
    ("Согласия", "биометрия 2026-1 01.01.2999", "future", ""),
    ("Согласия", "биометрия 2026-1 01.01.2020", "before_text", ""),
]
GROUNDS: list[tuple[str, str, str, str]] = [
    ("Табельный номер", "101", "unknown_worker", "1010"),
    ("Табельный номер", "", "needed", ""),
    ("СНИЛС", "112-233-445 96", "wrong_snils", ""),
    ("СНИЛС", sample_snils("1002"), "another_worker", ""),
    ("Вид", "гадание", "choose", "Психиатрическое"),
    ("Заключение", "здоров", "choose", "годен"),
    ("Только очно", "может быть", "choose", "нет"),
    ("Дата", "31.02.2026", "not_a_day", "31.12.2026"),
    ("Дата", "01.01.2999", "future", ""),
    ("Действует до", "01.01.2020", "before_since", ""),
    ("Примечание", "х" * 501, "too_long", ""),
    ("Время", "25:10", "not_a_time", "08:30"),
    ("OID организации", "1.2", "not_an_oid", "1.2.643"),
    ("Прививка", "от гриппа птиц", "unknown_vaccine", "Грипп"),
    ("Прививка", "Корь", "not_this_kind", ""),
    ("Подтверждено", "наверное", "choose", "нет"),
    ("Взамен номера", "86-01-027970-25", "no_such_document", ""),
]
HISTORY: list[tuple[str, str, str, str]] = [
    ("Табельный номер", "101", "unknown_worker", "1010"),
    ("Вид осмотра", "морской", "choose", "предрейсовый"),
    ("Заключение", "пьян", "choose", "не допущен"),
    ("Дата", "31.02.2025", "not_a_day", "31.12.2026"),
    ("Дата", "01.01.2999", "future", ""),
    ("Время", "25:10", "not_a_time", "08:30"),
    ("Систолическое, мм рт. ст.", "12О", "not_a_number", ""),
    ("Систолическое, мм рт. ст.", "1200", "impossible", ""),
    ("Диастолическое, мм рт. ст.", "120", "not_below_systolic", ""),
    ("Температура, °C", "3,66", "impossible", ""),
    ("Источник", "", "needed", ""),
]
ELSEWHERE = {
    "twice": "two rows: below",
    "transfer_instead": "of the form alone: a file finds an employment by its employer",
    "person_elsewhere": "two organisations: tests/unit/console/test_persons.py",
    "which_employer": "a number at two employers: below",
    "not_there": "an employer and a SNILS: below",
    "no_value": "a formula: below",
    "unknown_format": "a format that cannot be read: tests/unit/central/test_tables.py",
}
"""Codes that no single typed cell makes."""


@pytest.fixture
def senior(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    """A register with a namesake, a card, somebody put away, two employers of one name, and a consent's text."""
    centre.add_account("starshaya", Role.SENIOR_MEDIC)
    with writing(centre.engine) as connection:
        like = dict(connection.execute(employer.select().limit(1)).mappings().one())
        for _one in range(2):
            changes = {"employer_id": new_id(), "name": "ООО Двойник", "inn": None}
            connection.execute(insert(employer).values(**(like | changes)))
        one = dict(connection.execute(worker.select().where(worker.c.personnel_number == "1001")).mappings().one())
        own = {"snils_hmac": None, "snils_sealed": None, "cards": []}
        for number, changes in {
            "1009": {"archived_at": centre.now(), "full_name": "Архивов", "search_name": "архивов"},
            "007001": {"full_name": "Знакомцев Пётр Ильич", "search_name": "знакомцев петр ильич", "birth_date": None},
            "1010": {"full_name": "Картов", "search_name": "картов", "cards": ["FEED01"]},
        }.items():
            fresh = {name: value for name, value in (one | own | changes).items() if name in worker.c}
            connection.execute(insert(worker).values(**(fresh | {"worker_id": new_id(), "personnel_number": number})))
        Consents(centre.registry).add_text(
            connection, ORG, "biometric_comparison", "2026-1", "текст", valid_from=date(2026, 1, 1), author=""
        )
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("starshaya", unlock=False)


def _send(browser: Browser, path: str, content: bytes, action: str = "check") -> Any:
    page = "/registers/workers" if "workers" in path else path
    token = browser.get(page).text.split('name="csrf" value="')[1].split('"')[0]
    return browser.http.post(path, data={"csrf": token, "action": action}, files={"file": ("table.xlsx", content)})


@pytest.mark.parametrize(
    ("path", "usual", "cases"),
    [
        ("/registers/workers/import", WORKER, WORKERS),
        ("/imports/grounds", GROUND, GROUNDS),
        ("/imports/history", EXAM, HISTORY),
    ],
)
def test_every_fault_says_where_what_is_typed_and_what_there_is(
    senior: Browser,
    path: str,
    usual: dict[str, str],
    cases: list[tuple[str, str, str, str]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    headings = list(dict.fromkeys([*usual, *(column for column, *_rest in cases)]))
    for column, typed, code, near in cases:
        row = usual | {column: typed}
        content = table(headings, row)
        shown = html.unescape(_send(senior, path, content).text)
        line = next((part for part in shown.split("<tr>") if f"<td>{column}</td>" in part), "")
        assert "строка 2" in line, (column, typed)
        if not typed:
            assert "пустая ячейка" in line, column
        elif column == "СНИЛС":
            assert masked_number(typed) in line
            assert typed not in line, "a number of a person is shown in part"
        else:
            assert f"«{typed[:50]}" in line, (column, typed, line)
        assert near in line, (column, typed, line)
        # The file of faults has the cell itself beside it.
        sheet = openpyxl.load_workbook(io.BytesIO(_send(senior, path, content, "errors").content)).active
        assert sheet is not None
        said = str(list(sheet.iter_rows(values_only=True))[-1][-1])
        assert column in said
        if code not in CHOICES:
            assert near in said
        if typed:
            assert typed[:50] not in caplog.text, "what is typed stands in no log"


def test_the_walk_knows_every_code() -> None:
    """What the imports can say is what was walked: a new code has to be tried too."""
    known = {key.removeprefix("fault_code.") for key in catalogue("ru") if key.startswith("fault_code.")}
    sources = [
        *(
            Path(central.imports.__file__).parent / f"{name}.py"
            for name in ("workers", "grounds", "row_person", "history_columns", "consents", "twins", "cell_values")
        ),
        Path(central.registers.worker_rules.__file__),
    ]
    found: set[str] = set()
    for source in sources:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in known:
                found.add(node.value)
    walked = {code for _column, _typed, code, _near in (*WORKERS, *GROUNDS, *HISTORY)}
    assert found - walked - set(ELSEWHERE) == set()
    assert len(walked) > 15


def test_the_same_row_twice_says_which_number(senior: Browser) -> None:
    content = table(list(WORKER), WORKER, WORKER | {"ФИО": "Другой Он Иной"})
    assert "«7001»: встречается дважды" in html.unescape(_send(senior, "/registers/workers/import", content).text)


def test_a_ground_is_of_nobody_when_number_or_employer_mean_another(centre: ConsoleCentre) -> None:
    """The same number at two employers asks which; an employer where the person of the SNILS has no job is a fault."""
    second = "ООО «Второе место»"
    with writing(centre.engine) as connection:
        like = dict(connection.execute(employer.select().limit(1)).mappings().one())
        one = dict(connection.execute(worker.select().where(worker.c.personnel_number == "1002")).mappings().one())
        there = {"employer_id": new_id(), "name": second, "inn": None}
        connection.execute(insert(employer).values(**(like | there)))
        job = {"worker_id": new_id(), "personnel_number": "1001", "employer_id": there["employer_id"], "cards": []}
        connection.execute(insert(worker).values(**(one | job)))
    by_snils = {name: words for name, words in GROUND.items() if name != grounds.NUMBER}
    by_snils |= {grounds.SNILS: sample_snils("1001"), grounds.EMPLOYER: second}
    rows = [GROUND, GROUND | {grounds.EMPLOYER: second}, by_snils]
    with reading(centre.engine) as connection:
        checked = grounds.check_rows(connection, ORG, rows, centre.now().date(), centre.registry.snils_hash)
    assert [(fault.row, fault.column, fault.code) for fault in checked.faults] == [
        (2, grounds.EMPLOYER, "which_employer"),
        (4, grounds.EMPLOYER, "not_there"),
    ]


def test_a_fault_shows_what_is_typed_to_people_and_to_no_log(centre: ConsoleCentre) -> None:
    with reading(centre.engine) as connection:
        row = WORKER | {"ФИО": "", "Работодатель": "ООО «Секретное»"}
        checked = workers.check_rows(connection, ORG, [row], centre.now().date(), centre.registry.snils_hash)
        asked = grounds.check_rows(
            connection, ORG, [GROUND | {"Вид": "Секретное"}], centre.now().date(), centre.registry.snils_hash
        )
    assert checked.faults
    assert asked.faults
    assert "Секретное" not in repr(checked.faults) + repr(asked.faults)


def test_many_wrong_names_are_not_all_sought() -> None:
    """Twenty thousand rows with twenty thousand names would take minutes."""
    near = Nearest({}, {"Кто": [f"Имя {number}" for number in range(500)]})
    found = [near.fault(row, "Кто", "unknown", f"Имя {row} ошибка", {"unknown"}) for row in range(3 * MOST_SOUGHT)]
    assert sum(bool(fault.near) for fault in found) == MOST_SOUGHT
