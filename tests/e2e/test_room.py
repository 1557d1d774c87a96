"""Held back at the kiosk by a rule of grounds, examined in the room, admitted there, seen by the employer: by what ships.

The terminal that stands in the room measures.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from central.access.accounts import create_account
from central.core.clock import now_utc
from central.core.days import day_of
from central.core.parties import Terminal
from central.core.rights import Role
from central.deciding.admissions import admissions
from central.store import accounts, instruments, room_orders, rooms, workers, worklist
from central.store.engine import open_engine, reading, writing
from dopusk.lab.demo.sample_people import ORG
from dopusk.lab.demo.world import TERMINAL
from sync.contract.canonical import new_id
from tests.e2e.site import CSRF, Site, logged_in
from tests.e2e.test_grounds import roster_is_known
from tests.medical_room import INSTRUMENTS, WELL
from tests.ui.kiosk.looking import names_on

ROOM = "room-1"
NUMBER = "1002"
"""Of a worker whom nothing but a rule of grounds keeps from the kiosk."""
DISPATCHER, PASSWORD = "dispatcher", "правильная лошадь батарея"
_VERSION = re.compile(r'name="version" value="(\d+)"')


@pytest.fixture
def room(site: Site) -> dict[str, str]:
    """A room with the kiosk in it and an instrument for each step: ids by step."""
    now = now_utc()
    engine = open_engine(site.world.config.store_url)
    ids = {step: new_id() for step in INSTRUMENTS}
    papers = {"registration_number": "РЗН 1", "verified_at": None, "verification_number": "", "archived_at": None}
    with writing(engine) as connection:
        rooms.add_room(connection, Terminal(ROOM, ORG, "Кабинет № 1", "Проходная"), now=now)
        room_orders.put_terminal(connection, ROOM, TERMINAL)
        for step, (maker, model, serial) in INSTRUMENTS.items():
            values = {"instrument_id": ids[step], "org": ORG, "terminal_id": ROOM, "measures": step, "maker": maker}
            values |= {"model": model, "serial": serial, "verified_until": day_of(now) + timedelta(days=90)}
            instruments.add(connection, papers | values | {"created_at": now, "updated_at": now})
    engine.dispose()
    return ids


def _send(client: httpx.Client, path: str, do: str, fields: dict[str, Any]) -> httpx.Response:
    shown = client.get(path).text
    version = _VERSION.search(shown)
    assert version is not None, shown
    return client.post(path, data={"csrf": CSRF.findall(shown)[-1], "version": version[1], "do": do} | fields)


def _post(client: httpx.Client, path: str, page: str, fields: dict[str, Any]) -> httpx.Response:
    return client.post(path, data={"csrf": CSRF.findall(client.get(page).text)[-1]} | fields)


def _worker(site: Site) -> tuple[str, str]:
    """The worker and their employer."""
    engine = open_engine(site.world.config.store_url)
    with reading(engine) as connection:
        row = workers.find_worker(connection, ORG, NUMBER)
    engine.dispose()
    assert row is not None
    return row["worker_id"], row["employer_id"]


def _identify(site: Site) -> None:
    site.on("idle")
    site.press("begin", *(f"key_{digit}" for digit in NUMBER), "number_ok")


def _on_the_employers_page(site: Site, employer_id: str) -> str:
    """The state of the worker as the employer's dispatcher reads it."""
    engine = open_engine(site.world.config.store_url)
    with writing(engine) as connection:
        if accounts.by_username(connection, DISPATCHER) is None:
            account = {"full_name": "Диспетчер", "role": Role.EMPLOYER, "orgs": (ORG,), "employer_ids": (employer_id,)}
            create_account(connection, username=DISPATCHER, password=PASSWORD, now=now_utc(), **account)
    engine.dispose()
    with httpx.Client(base_url=site.address, follow_redirects=True, timeout=60) as client:
        _post(client, "/login", "/login", {"username": DISPATCHER, "password": PASSWORD})
        rows = {row.split("</td>")[0]: row for row in client.get("/admissions").text.split("<tr><td>")[1:]}
    return re.sub(r"<[^>]*>", " ", rows[NUMBER])


def _stored(site: Site, look: Callable[[Any], Any]) -> Any:
    engine = open_engine(site.world.config.store_url)
    try:
        with reading(engine) as connection:
            return look(connection)
    finally:
        engine.dispose()


@pytest.mark.timeout(540)
def test_whom_a_rule_holds_back_at_the_kiosk_is_examined_in_the_room_and_admitted(
    site: Site, room: dict[str, str]
) -> None:
    _identify(site)
    site.on("confirm")
    site.press("exit", "leave")
    site.on("idle")
    table = site.world.folder / "grounds.csv"
    begun_on = day_of(now_utc()) - timedelta(days=2)
    head = "Табельный номер;Вид;Дата;Только очно;Источник"
    table.write_text(f"{head}\n{NUMBER};Больничный;{begun_on:%d.%m.%Y};нет;СФР\n", encoding="utf-8")
    site.run("central", "import", "grounds", str(table), "--org", ORG, "-c", str(site.config))
    site.until(lambda: roster_is_known(site, {NUMBER: 1}))
    _identify(site)
    site.on("not_today")
    site.press("leave")
    site.on("idle")
    worker_id, employer_id = _worker(site)
    assert "Допущен" not in _on_the_employers_page(site, employer_id), "held back, and not examined yet"
    with logged_in(site) as client:
        client.timeout = httpx.Timeout(60)
        _post(client, "/signature", "/signature", {"passphrase": site.world.login.passphrase})
        begun = {"worker_id": worker_id, "room_id": ROOM, "exam_type": "pre_shift"}
        answer = _post(client, "/room/begin", f"/room?worker_id={worker_id}", begun)
        path = answer.url.path
        assert path.startswith("/room/"), answer.text

        assert "Приготовлено" in _send(client, path, "order:pressure", WELL).text
        site.on("pressure")
        site.until(lambda: "start_measuring" in names_on(site.kiosk.window))
        assert site.terminal.service.latest is not None
        exam = site.terminal.service.latest.exam
        assert exam is not None
        assert exam.activity == "ready", "nothing is measured before somebody touches the screen"
        assert '"waits":1' in client.get(f"{path}/orders.json").text
        site.press("start_measuring")
        site.until(lambda: '"waits":0' in client.get(f"{path}/orders.json").text)
        page = client.get(path).text
        assert "Измерить терминалом" in page
        assert "TM2655" in page.split('id="step-pressure"')[1].split("</fieldset>")[0]

        typed = {
            "instrument_temperature": room["temperature"],
            "temperature_celsius": "36,6",
            "instrument_breath": room["breath"],
            "breath_alcohol_mg_per_l": "0",
        }
        exam_page = _send(client, path, "record", WELL | typed)
        assert exam_page.url.path.startswith("/exams/"), exam_page.text
        exam_id = exam_page.url.path.rsplit("/", 1)[1]
        for words in ("Кабинет № 1", "паспорт, последние цифры 4711", "A&amp;D TM2655", "A&amp;D DT-635"):
            assert words in exam_page.text, words
        reasons = re.findall(r'name="(ground_reason[^"]*)"', exam_page.text)
        fields = {"outcome": "admitted", "override_reason": "осмотрен очно"} | dict.fromkeys(reasons, "осмотрен очно")
        decided = _post(client, f"/exams/{exam_id}/decision", f"/exams/{exam_id}", fields)
        assert decided.url.path == "/queue", decided.text
        journal = client.get("/journal").text
    assert f"/exams/{exam_id}" in journal
    payload = _stored(site, lambda connection: worklist.one(connection, exam_id)).payload
    by_step = {item["step"]: item for item in payload["measurements"]}
    assert (by_step["pressure"]["derivation"], by_step["temperature"]["derivation"]) == ("automatic", "manual")
    assert payload["room"]["terminals"] == [TERMINAL]
    (state,) = _stored(site, lambda connection: admissions(connection, employer_id, now_utc(), worker_id))
    assert (state.state, state.exam_id) == ("admitted", exam_id)
    assert "Допущен" in _on_the_employers_page(site, employer_id)
    site.run("verify", str(site.config))


@pytest.mark.timeout(540)
def test_who_has_left_is_not_measured_and_the_page_says_so(site: Site, room: dict[str, str]) -> None:
    worker_id, _ = _worker(site)
    site.on("idle")
    with logged_in(site) as client:
        begun = {"worker_id": worker_id, "room_id": ROOM, "exam_type": "post_shift"}
        path = _post(client, "/room/begin", f"/room?worker_id={worker_id}", begun).url.path
        _send(client, path, "order:breath", {})
        site.until(lambda: bool(site.terminal.service.latest and site.terminal.service.latest.is_ordered))
        site.clock.monotonic_s += timedelta(minutes=6).total_seconds()
        site.on("idle")
        site.until(lambda: "никто не коснулся экрана: время вышло" in client.get(path).text)
