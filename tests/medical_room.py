"""A medical room with instruments for tests, entered as people enter them, and its page filled in as a medic does it."""

import re
from datetime import date, timedelta
from typing import Any

import httpx

from tests.console_centre import CSRF, Browser

WELL = {
    "document": "passport",
    "last_digits": "4711",
    "is_the_worker": "yes",
    "feels": "well",
    "seen_skin": "skin_normal",
    "seen_smell": "smell_none",
}
"""Everything that the page needs beside values."""
_VERSION = re.compile(r'name="version" value="(\d+)"')
INSTRUMENTS = {
    "temperature": ("A&D", "DT-635", "T-1"),
    "pressure": ("A&D", "UA-911", "P-1"),
    "breath": ("Alcotector", "Jupiter", "B-1"),
}


def enter_new(browser: Browser, kind: str, fields: dict[str, Any]) -> str:
    """A new entry of a register by its form; returns its id."""
    path = f"/registers/{kind}/new"
    seen = browser.get(path).text.split('name="seen" value="')[1].split('"')[0]
    answer = browser.post(path, {"seen": seen} | fields, page=path)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).split("?")[0].rsplit("/", 1)[1]


def enter_room(senior: Browser, today: date, **verified_until: date) -> tuple[str, dict[str, str]]:
    """A room with an instrument for each step. `verified_until`: of a step, where it is not in a year."""
    room_id = enter_new(senior, "rooms", {"name": "Кабинет № 1", "place": "Проходная"})
    made = {}
    for step, (maker, model, serial) in INSTRUMENTS.items():
        until = verified_until.get(step, today + timedelta(days=300))
        fields = {"measures": step, "maker": maker, "model": model, "serial": serial, "terminal_id": room_id}
        papers = {"registration_number": "РЗН 2020/1", "verified_until": f"{until}", "verified_at": "2024-01-10"}
        made[step] = enter_new(senior, "devices", fields | papers)
    return room_id, made


def begin(browser: Browser, worker_id: str, room_id: str, exam_type: str = "pre_shift") -> str:
    """Begin an exam from the list of those who were found; returns the path of its page."""
    fields = {"worker_id": worker_id, "room_id": room_id, "exam_type": exam_type}
    answer = browser.post("/room/begin", fields, page=f"/room?worker_id={worker_id}")
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def send(browser: Browser, path: str, do: str, fields: dict[str, Any]) -> httpx.Response:
    """Press a button of the exam's page with these fields in it."""
    shown = browser.get(path).text
    found = _VERSION.search(shown)
    assert found is not None, shown
    token = CSRF.findall(shown)[-1]
    return browser.http.post(path, data={"csrf": token, "version": found[1], "do": do} | fields)


def values(instruments: dict[str, str], systolic: int = 124) -> dict[str, str]:
    """Values of all steps, each with its instrument."""
    return {
        "instrument_temperature": instruments["temperature"],
        "temperature_celsius": "36,6",
        "instrument_pressure": instruments["pressure"],
        "systolic_mmhg": str(systolic),
        "diastolic_mmhg": "79",
        "pulse_bpm": "71",
        "instrument_breath": instruments["breath"],
        "breath_alcohol_mg_per_l": "0",
    }
