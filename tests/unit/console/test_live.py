"""What is made once for all open queues, and until when; who is told of what."""

import asyncio
from collections.abc import Hashable
from datetime import timedelta

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import OperationalError

from central.console import live
from central.console.live import Live
from central.core import step_records
from central.store import queue_marks
from central.store.decisions import Claim, take_claim
from central.store.engine import writing
from central.store.registry import employer, organisation, worker
from central.store.terminals import get_terminal, terminal
from tests.console_centre import ConsoleCentre
from tests.waiting import LONGEST_S


async def _made(centre: ConsoleCentre) -> list[int]:
    made: list[int] = []

    def make() -> int:
        made.append(len(made))
        return made[-1]

    watched = Live(centre.engine, centre.now, poll_s=0.01)

    def shared() -> int:
        return watched.shared("queue", ["zarya"], make)[0]

    watching = asyncio.create_task(watched.watch())
    before = [shared(), shared()]  # nobody listens yet: nothing is kept
    listening = watched.changes(["zarya"], lambda: True)
    async with asyncio.timeout(LONGEST_S):
        await anext(listening)
        await anext(listening)
        first = [shared(), shared()]
        await asyncio.to_thread(centre.exam, "1001")
        await anext(listening)
        second = [shared(), shared()]
    watched.close()
    await watching
    await listening.aclose()
    return before + first + second


def test_what_all_queues_show_alike_is_made_once_between_two_changes(
    centre: ConsoleCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "SPACING_S", 0.0)
    assert asyncio.run(_made(centre)) == [0, 1, 2, 2, 3, 3]


async def _told(centre: ConsoleCentre) -> list[bool]:
    """What somebody of another organisation hears of an exam and of a look at it, and then of her own terminal."""
    watched = Live(centre.engine, centre.now, poll_s=0.01)
    watching = asyncio.create_task(watched.watch())
    here, there = watched.changes(["zarya"], lambda: True), watched.changes(["rassvet"], lambda: True)
    async with asyncio.timeout(LONGEST_S):
        for listening in (here, there):
            await anext(listening)  # what is there now
        for listening in (here, there):
            await anext(listening)  # the watcher's first look
        other = asyncio.create_task(anext(there))
        exam_id = await asyncio.to_thread(centre.exam, "1001")
        await anext(here)
        await asyncio.to_thread(_look_at, centre, exam_id)
        await anext(here)
        heard = [other.done()]
        await asyncio.to_thread(_terminal_elsewhere, centre)
        heard.append(await other)
    watched.close()
    await watching
    await here.aclose()
    await there.aclose()
    return heard


def _look_at(centre: ConsoleCentre, exam_id: str) -> None:
    now = centre.now()
    with writing(centre.engine) as connection:
        take_claim(connection, Claim(exam_id, "account", "Луговая", now, now + timedelta(minutes=1)), now)


def _terminal_elsewhere(centre: ConsoleCentre) -> None:
    with writing(centre.engine) as connection:
        like = dict(get_terminal(connection, "kiosk-1") or {})
        connection.execute(
            insert(organisation).values(org="rassvet", name="Рассвет", licence="", created_at=centre.now())
        )
        silent = {"terminal_id": "kiosk-r", "org": "rassvet", "link": "offline"}
        connection.execute(insert(terminal).values(like | silent))


def test_only_those_who_see_an_organisation_hear_of_it(centre: ConsoleCentre, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "SPACING_S", 0.0)
    monkeypatch.setattr(live, "TOLD_PER_S", 10_000)
    assert asyncio.run(_told(centre)) == [False, True]


async def _renamed(centre: ConsoleCentre) -> int:
    """Of how many changed names an open queue is told; that of another organisation of none."""
    watched = Live(centre.engine, centre.now, poll_s=0.01)
    watching = asyncio.create_task(watched.watch())
    here, there = watched.changes(["zarya"], lambda: True), watched.changes(["rassvet"], lambda: True)
    await asyncio.to_thread(centre.exam, "1001")
    told = 0
    changes = (
        update(worker).values(full_name="Тихий Пётр"),
        update(worker).values(personnel_number="77").where(worker.c.personnel_number == "1001"),
        update(employer).values(name="Рассвет и сыновья"),
        update(terminal).values(name="Проходная"),
    )
    async with asyncio.timeout(LONGEST_S):
        for listening in (here, there, here, there):
            await anext(listening)
        other = asyncio.create_task(anext(there))
        for change in changes:
            with writing(centre.engine) as connection:
                connection.execute(change)
            # Only now: a look in between would read the old names for the next seconds.
            centre.shift += queue_marks.NAMES_EVERY
            await anext(here)
            told += 1
        assert not other.done()
        other.cancel()
    watched.close()
    await watching
    await here.aclose()
    return told


def test_open_queue_hears_of_a_changed_name(centre: ConsoleCentre, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "SPACING_S", 0.0)
    monkeypatch.setattr(live, "TOLD_PER_S", 10_000)
    assert asyncio.run(_renamed(centre)) == 4


async def _outage(centre: ConsoleCentre, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What is made before, during and after the store is away."""
    watched = Live(centre.engine, centre.now, poll_s=0.01)
    away = asyncio.Event()
    tries: list[int] = []
    loop = asyncio.get_running_loop()

    def marks(*_: object) -> dict[str, Hashable]:
        tries.append(len(tries))
        if len(tries) >= 5:
            loop.call_soon_threadsafe(away.set)
        raise OperationalError("", None, Exception("away"))

    made = iter(range(9))
    watching = asyncio.create_task(watched.watch())
    listening = watched.changes(["zarya"], lambda: True)
    async with asyncio.timeout(LONGEST_S):
        await anext(listening)
        await anext(listening)
        found = [watched.shared("queue", ["zarya"], lambda: next(made))[0] for _ in range(2)]
        with monkeypatch.context() as patched:
            patched.setattr(queue_marks, "marks", marks)
            await away.wait()
        found.append(watched.shared("queue", ["zarya"], lambda: next(made))[0])
    watched.close()
    await watching
    await listening.aclose()
    return found


def test_a_store_that_is_away_is_told_once_and_nothing_old_is_given(
    centre: ConsoleCentre, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(live, "SPACING_S", 0.0)
    assert asyncio.run(_outage(centre, monkeypatch)) == [0, 0, 1]
    assert [record.getMessage() for record in caplog.records if record.name == step_records.log.name] == [
        "live: marks is put off: away"
    ]
