"""Every example of `docs/api.md` is run as it stands there, by curl against a running console, and answers as the page says."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.routing import Mount

from central.api.webhooks import DutyNotice, EmployerNotice, NewsNotice, SecurityNotice
from central.core.key_scopes import ORGANISATION_ONLY, SCOPES
from central.notifying.notice_bodies import duty_body, employer_body, neutral_body, reminder_body, security_body
from central.store.alerts import Alert
from central.store.reminders import Reminder
from central.store.rings import Ring
from central.store.security_alerts import SecurityAlert
from dopusk.lab.demo.sample_people import ORG
from tests.console_centre import Browser, ConsoleCentre, key_of_program
from tests.gate_centre import with_gate

PAGE = Path("docs/api.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```bash\n(.*?)^```\n(?:```json\n(.*?)^```\n)?", PAGE, re.MULTILINE | re.DOTALL)
_CALL = re.compile(r"-X (\w+)|(?<= )-(d) ['\"]")
REFUSED = {"no_key", "forbidden", "not_found", "invalid", "too_many"}


@pytest.fixture
def app(centre: ConsoleCentre) -> FastAPI:
    with_gate(centre)
    return centre.app()


@pytest.fixture
def named(centre: ConsoleCentre, address: str) -> dict[str, str]:
    """The names that the page gives to what the reader has."""
    employer_id = centre.people.employers[0]
    return {
        "CENTRE": address,
        "EMPLOYER": employer_id,
        "KEY": key_of_program(centre, None, SCOPES),
        "EMPLOYER_KEY": key_of_program(centre, employer_id, [one for one in SCOPES if one not in ORGANISATION_ONLY]),
    }


def _shape(value: Any) -> Any:
    """Names and kinds without the values, which differ in each centre."""
    match value:
        case dict():
            return {name: _shape(inner) for name, inner in value.items()}
        case list():
            return [_shape(value[0])] if value else []
        case None:
            return None
        case bool() | int() | float():
            return value
        case _:
            return "text"


def test_every_example_answers_as_the_page_says(centre: ConsoleCentre, zoya: Browser, named: dict[str, str]) -> None:
    assert zoya.decide(centre.exam("1001"), outcome="admitted").status_code == 303
    tried = 0
    for command, expected in EXAMPLES:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            env=os.environ | named,
            capture_output=True,
            text=True,
            check=True,
        )
        answer = json.loads(done.stdout)
        if expected:
            said = json.loads(expected)
            assert _shape(answer) == _shape(said), (command, done.stdout)
            for name in ("code", "state", "outcome", "reason"):
                assert said.get(name) == answer.get(name), (command, done.stdout)
        else:
            assert answer.get("code") not in REFUSED, (command, done.stdout)
        tried += 1
    assert tried > 8


def test_generated_clients_call_their_functions_as_ours_are_called(app: FastAPI) -> None:
    """A generator leaves out what it does not know, as a header of one fixed word. `make trials` makes a whole client."""
    document = _document(app)
    calls = [call for methods in document["paths"].values() for call in methods.values()]
    names = [call["operationId"] for call in calls]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() and "__" not in name for name in names)
    headers = [item["schema"] for call in calls for item in call.get("parameters", ()) if item["in"] == "header"]
    assert headers
    assert "const" not in json.dumps(headers)


def _document(app: FastAPI) -> dict[str, Any]:
    (api,) = (route.app for route in app.routes if isinstance(route, Mount) and isinstance(route.app, FastAPI))
    return api.openapi()


def test_what_the_centre_sends_is_what_the_document_says() -> None:
    now = datetime.now(UTC)
    alert = Alert("a", "e", "x", "not_admitted", now, None, None, "1001", "Ветров Степан Ильич")
    reminder = Reminder("r", ORG, "e", "w", "s", "ends", "medical_book", now.date(), 7, now)
    security = SecurityAlert("s", ORG, "mass_export", "admin", 5001, "l", now, None)
    for body in (employer_body(alert), reminder_body(reminder, "1001")):
        EmployerNotice.model_validate(body)
    SecurityNotice.model_validate(security_body(security))
    DutyNotice.model_validate(duty_body(Ring("r", ORG, "x", "m", "a", 1, False, now, None, "")))
    NewsNotice.model_validate(neutral_body("https://centre.example/login"))


def _calls() -> Iterator[tuple[str, str]]:
    for command, _ in EXAMPLES:
        address = re.search(r'"\$CENTRE/api/v1(/[^"?]*)', command)
        assert address is not None, command
        method = next((one or "POST" for one, _ in _CALL.findall(command)), "GET")
        yield method, address[1]


def test_every_call_has_its_example(app: FastAPI) -> None:
    shown = set(_calls())
    for path, methods in _document(app)["paths"].items():
        pattern = re.sub(r"\{[^}]+\}", "[^/]+", path)
        for method in methods:
            assert any(one == method.upper() and re.fullmatch(pattern, at) for one, at in shown), (method, path)
