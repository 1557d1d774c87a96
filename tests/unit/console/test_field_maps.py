"""Field maps by page: seen, tried on a sample, saved as a version, and taken back."""

import contextlib
import html
from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import select

from central.core.rights import Role
from central.store import field_maps
from central.store.audit import audit
from central.store.engine import reading
from dopusk.lab.demo.sample_people import OID
from tests.console_centre import Browser, ConsoleCentre

PAGE = "/imports/maps"
LINES = "Страховой номер = СНИЛС\nРаботник = фио\nУчреждение = org_oid"
NAME = "Фамилия, имя, отчество"
SAMPLE = f"Страховой номер;Работник;Учреждение\n700-000-001 11;Лесная Вера;{OID}\n700-000-002 12;;{OID}\n".encode()


@pytest.fixture
def administrator(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    centre.add_account("glavnaya", Role.ADMINISTRATOR)
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("glavnaya", unlock=False)


def _send(browser: Browser, action: str, lines: str = LINES, name: str = "МИС", sample: bytes = b"") -> httpx.Response:
    token = browser.get(PAGE).text.split('name="csrf" value="')[1].split('"')[0]
    fields = {"csrf": token, "kind": "medics", "name": name, "lines": lines, "action": action}
    return browser.http.post(PAGE, data=fields, files={"file": ("sample.csv", sample)})


def _ours(centre: ConsoleCentre) -> dict[str, str]:
    with reading(centre.engine) as connection:
        found = field_maps.of_kind(connection, "medics")
    return {heading: field for heading, field in found["МИС"].fields.items() if heading != field} if found else {}


def test_a_map_is_tried_saved_changed_and_taken_back(centre: ConsoleCentre, administrator: Browser) -> None:
    tried = html.unescape(_send(administrator, "check", sample=SAMPLE).text)
    assert "Пример прочитан: строк 2" in tried
    assert f'<td>{NAME}</td><td class="num">1</td>' in tried
    assert '<td>СНИЛС</td><td class="num">2</td>' in tried
    assert _ours(centre) == {}, "a check saves nothing"
    assert _send(administrator, "save").status_code == 303
    first = {"Страховой номер": "snils", "Работник": "full_name", "Учреждение": "org_oid"}
    assert _ours(centre) == first
    changed = LINES.replace("Работник = фио", "Сотрудник = фио")
    tried = _send(administrator, "check", changed).text
    assert '<td class="long">Сотрудник</td><td>—</td><td>' + NAME in tried
    assert '<td class="long">Работник</td><td>' + NAME + "</td><td>—</td>" in tried
    assert _send(administrator, "save", changed).status_code == 303
    assert _send(administrator, "save", changed).status_code == 303
    assert "Сотрудник" in _ours(centre)
    # The form of imports offers it.
    centre.add_account("starshaya", Role.SENIOR_MEDIC)
    with contextlib.closing(Browser(str(administrator.http.base_url))) as senior:
        senior.log_in("starshaya", unlock=False)
        assert "<option>МИС</option>" in senior.get("/imports/medics").text
        assert senior.get(PAGE).status_code == 403
    page = f"{PAGE}?kind=medics&name=МИС"
    shown = administrator.get(page).text
    [old] = [part.split('"')[0] for part in shown.split('name="map_id" value="')[1:]]
    assert administrator.post(f"{PAGE}/back", {"map_id": old}, page=page).status_code == 303
    assert _ours(centre) == first
    assert administrator.post(f"{PAGE}/back", {"map_id": "nothing"}, page=page).status_code == 404
    with reading(centre.engine) as connection:
        deeds = connection.execute(select(audit.c.action).where(audit.c.action.like("map.%"))).scalars().all()
    assert deeds == ["map.add", "map.add", "map.back"]


@pytest.mark.parametrize(
    ("lines", "name", "sample", "said"),
    [
        ("СНИЛС", "МИС", b"", "строка 1: нужно «заголовок = поле», а здесь «СНИЛС»"),
        ("A = snils\nB = телефон", "МИС", b"", "строка 2: поля «телефон» нет"),
        ("A = snils\nA = full_name", "МИС", b"", "строка 2: заголовок «A» уже есть"),
        (" \n", "МИС", b"", "нужна хотя бы одна строка"),
        (LINES, " ", b"", "нужно название"),
        (LINES, "МИС", b"\x00\x01", "Это не таблица"),
        (LINES, "МИС", "Другое;Заголовки\n1;2\n".encode(), "Нет столбцов"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_is_saved(
    centre: ConsoleCentre, administrator: Browser, lines: str, name: str, sample: bytes, said: str
) -> None:
    answer = _send(administrator, "save", lines, name, sample)
    assert answer.status_code == 422
    assert said in html.unescape(answer.text)
    assert "aria-invalid" in answer.text
    assert _ours(centre) == {}
