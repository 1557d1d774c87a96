"""A second employer's 1001, from the form of the console to the kiosk that asks where somebody works today: as shipped."""

import contextlib
import json
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from central.access.accounts import create_account
from central.core.clock import now_utc
from central.core.rights import Role
from central.store.engine import open_engine, reading, writing
from central.store.registry import employer, worker
from dopusk.lab.demo.director import Director
from dopusk.lab.demo.hand import Hand
from dopusk.lab.demo.sample_people import EMPLOYERS, ORG, PEOPLE
from dopusk.lab.demo.scenarios import SCENARIOS
from dopusk.lab.demo.world import World, build_world
from tests.waiting import LONGEST_S, until

NEWCOMER = "Берёзкин Фома Игнатович"
PASSWORD = "a password of the trial"


def _senior(world: World) -> httpx.Client:
    engine = open_engine(world.config.store_url)
    with writing(engine) as connection:
        create_account(
            connection,
            username="glavnaya",
            full_name="Главная",
            role=Role.SENIOR_MEDIC,
            password=PASSWORD,
            now=now_utc(),
            orgs=(ORG,),
        )
    engine.dispose()
    client = httpx.Client(base_url=world.config.http.public_url, timeout=60.0)
    answer = _send(client, "/login", {"username": "glavnaya", "password": PASSWORD})
    assert answer.status_code == 303, answer.text
    return client


def _send(client: httpx.Client, path: str, fields: dict[str, str]) -> httpx.Response:
    token = re.findall(r'name="csrf"\s+value="([^"]+)"', client.get(path).text)[-1]
    return client.post(path, data={"csrf": token} | fields)


def _employers(world: World) -> dict[str, str]:
    engine = open_engine(world.config.store_url)
    with reading(engine) as connection:
        found = {row.name: row.employer_id for row in connection.execute(select(employer))}
    engine.dispose()
    return found


def _known(world: World) -> int:
    """How many employments the terminal has, as its own command says."""
    command = [sys.executable, "-m", "dopusk", "terminal", "status", "--json", "--config", str(world.terminal_config)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_S, check=True)
    return int(json.loads(done.stdout.splitlines()[-1])["workers"])


def _asked_for(hand: Hand, number: str) -> str:
    if hand.wait("screen_idle", "screen_identify") == "screen_idle":
        hand.click("begin")
        hand.wait("screen_identify")
    hand.type_number(number)
    return hand.wait("screen_employer", "screen_confirm")


@pytest.mark.timeout(540)
def test_a_number_entered_for_a_second_employer_is_asked_about_at_the_kiosk(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        world = stack.enter_context(contextlib.closing(build_world(tmp_path / "demo", 30.0)))
        pictures = tmp_path / "pictures"
        pictures.mkdir()
        director = Director(world, SCENARIOS["admitted"], pictures, lambda _line: None, headless=True)
        stack.callback(director.close)
        director.open()
        hand = director.hand
        assert _asked_for(hand, "2001") == "screen_employer", "the demonstration has one number at two employers"
        hand.click("employer_none")

        before = _known(world)
        senior = stack.enter_context(contextlib.closing(_senior(world)))
        fields = {
            "personnel_number": PEOPLE[0].personnel_number,
            "full_name": NEWCOMER,
            "position": "водитель автобуса",
            "employer_id": _employers(world)[EMPLOYERS[1]],
            "remote_allowed": "yes",
            "status": "active",
            "seen": "0",
        }
        answer = _send(senior, "/registers/workers/new", fields)
        assert answer.status_code == 303, answer.text

        assert until(lambda: _known(world) == before + 1)
        names = {}
        for button in ("employer_1", "employer_2"):
            assert _asked_for(hand, PEOPLE[0].personnel_number) == "screen_employer"
            label = hand.read(button)
            hand.click(button)
            hand.wait("screen_confirm")
            names[label] = hand.read("full_name")
            hand.click("confirm_no")
        # As the kiosk calls people where others look over their shoulder.
        assert names == {EMPLOYERS[0]: "Степан Ильич В.", EMPLOYERS[1]: "Фома Игнатович Б."}


def test_a_person_of_the_demonstration_has_two_jobs(tmp_path: Path) -> None:
    with contextlib.closing(build_world(tmp_path / "demo", 30.0)) as world:
        engine = open_engine(world.config.store_url)
        with reading(engine) as connection:
            query = select(worker.c.person_id, worker.c.employer_id).where(worker.c.full_name == PEOPLE[7].full_name)
            rows = connection.execute(query).all()
        engine.dispose()
    assert len({row.person_id for row in rows}) == 1
    assert len({row.employer_id for row in rows}) == 2
