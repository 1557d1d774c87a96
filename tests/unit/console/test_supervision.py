"""Every thread of the running console, with any of its steps failing: the others go on, and page and metrics say so."""

import contextlib
from collections.abc import Iterable
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from central.console.live import Live
from central.core import metrics, step_records
from central.core.rights import Role
from central.core.step_records import StepState, steps, stumbles
from central.core.supervision import Step, Supervised
from central.exchange.dispatcher import Dispatcher
from central.jobs.kinds import JOURNAL_EXPORT
from central.store import jobs
from central.store.engine import reading, writing
from central.store.outgoing import backlog
from dopusk.commands.central_figures import serve_figures
from dopusk.lab.broker import free_port
from sync.contract.canonical import new_id
from tests.console_centre import Browser, ConsoleCentre, serving
from tests.waiting import until

NO_STEPS = {("dispatcher", "broker"), ("live", "marks")}
"""Recorded beside the steps; they have tests of their own."""


class Unforeseen(BaseException):
    """Caught by nobody's net."""


def _states() -> dict[tuple[str, str], StepState]:
    return {(state.thread, state.step): state for state in steps()}


@pytest.fixture
def ill(monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, str]]:
    """Threads and steps that fail while they are in it: every step of every thread of the centre can be put there."""
    monkeypatch.setattr(step_records, "FIRST_REST_S", 0.01)
    monkeypatch.setattr(step_records, "_records", {})  # steps of this centre only, none of another test's
    found: set[tuple[str, str]] = set()
    make = Supervised.__init__

    def planted(self: Supervised, name: str, steps: Iterable[Step], **more: Any) -> None:
        def plant(step: Step) -> Step:
            def run() -> object:
                if (name, step.name) in found:
                    raise Unforeseen
                return step.run()

            return Step(step.name, run, min(step.every_s, 0.05))

        make(self, name, [plant(step) for step in steps], **more)

    monkeypatch.setattr(Supervised, "__init__", planted)
    return found


def test_any_step_may_fail_in_any_way(
    centre: ConsoleCentre, monkeypatch: pytest.MonkeyPatch, ill: set[tuple[str, str]]
) -> None:
    monkeypatch.setattr("central.exchange.dispatcher.BROKER_AWAY_S", 600.0)
    centre.add_account("auditor", Role.ADMINISTRATOR)
    port = free_port()
    serve_figures(port)
    with (
        Dispatcher(centre.config, centre.engine),
        serving(centre.app(), free_port()) as address,
        contextlib.closing(Browser(address)) as browser,
    ):
        browser.log_in("auditor", unlock=False)
        assert until(lambda: {"dispatcher", "notifier", "jobs"} <= {thread for thread, _ in _states()})
        known = {key for key in _states() if key not in NO_STEPS}
        assert len(known) > 12
        for key in sorted(known):
            ill.add(key)
            assert until(lambda key=key: _states()[key].is_failing)
            assert {found for found, state in _states().items() if state.is_failing} == {key}
            page = browser.get("/fleet").text
            assert 'id="troubles"' in page
            assert "Unforeseen" in page
            health = httpx.get(f"http://127.0.0.1:{port}/health")
            assert (health.status_code, health.json()["parts"]) == (503, [".".join(key)])
            figures = httpx.get(f"http://127.0.0.1:{port}/metrics").text
            assert f'dopusk_step_failing{{step="{key[1]}",thread="{key[0]}"}} 1.0' in figures
            assert f'dopusk_thread_alive{{thread="{key[0]}"}} 1.0' in figures
            ill.clear()
            assert until(lambda key=key: not _states()[key].is_failing)
        page = browser.get("/fleet").text
        assert 'id="troubles"' not in page
        assert 'id="stumbles"' in page
        assert httpx.get(f"http://127.0.0.1:{port}/health").json() == {"status": "ok"}


def test_a_broker_that_stays_away_is_shown_with_the_figures_of_what_waits(
    centre: ConsoleCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("central.exchange.dispatcher.RESEND_CHECK_S", 0.05)
    monkeypatch.setattr("central.exchange.dispatcher.BROKER_AWAY_S", 0.1)
    centre.add_account("auditor", Role.ADMINISTRATOR)
    with writing(centre.engine) as connection:
        centre.outgoing.queue(connection, "kiosk-1", "command", "dopusk.command/1", {})
        waiting = backlog(connection)[0]
    with (
        Dispatcher(centre.config, centre.engine),
        serving(centre.app(), free_port()) as address,
        contextlib.closing(Browser(address)) as browser,
    ):
        assert until(lambda: ("dispatcher", "broker") in _states())
        assert metrics.outbox_backlog._value.get() == waiting >= 1
        page = browser.log_in("auditor", unlock=False).get("/fleet").text
        assert "Связь с брокером" in page.split('id="troubles"')[1].split("</div>")[0]


def _job(engine: Engine, job_id: str) -> jobs.Job:
    with reading(engine) as connection:
        found = jobs.find(connection, job_id)
    assert found is not None
    return found


def test_a_job_that_cannot_even_be_read_fails_and_the_next_one_runs(centre: ConsoleCentre) -> None:
    poison, good = new_id(), new_id()
    with writing(centre.engine) as connection:
        for number, (job_id, params) in enumerate(((poison, ["no", "mapping"]), (good, {}))):
            at = centre.now().replace(microsecond=number)
            row = {"job_id": job_id, "account_id": "a", "kind": JOURNAL_EXPORT, "params": params}
            jobs.add(connection, row | {"created_at": at, "expires_at": at.replace(year=at.year + 1)})
    with serving(centre.app(), free_port()):
        assert until(lambda: not _job(centre.engine, good).unfinished)
        assert [state.step for state in stumbles() if state.thread == "jobs"] == ["work"]
    assert _job(centre.engine, poison).state == "failed"
    assert _job(centre.engine, poison).result["fault"] == "not_run"


def test_the_watcher_of_queues_goes_on_after_any_error(centre: ConsoleCentre, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step_records, "FIRST_REST_S", 0.01)
    marks, ill = Live._marks, [True]

    def planted(self: Live) -> object:
        if ill[0]:
            raise OverflowError("date value out of range")
        return marks(self)

    monkeypatch.setattr(Live, "_marks", planted)
    with serving(centre.app(), free_port()) as address:
        browser = Browser(address)
        try:
            browser.log_in("zoya")
            with browser.http.stream("GET", "/queue/events") as events:
                assert until(lambda: _states().get(("live", "marks")) is not None)
                assert until(lambda: _states()[("live", "marks")].is_failing)
                ill[0] = False
                assert until(lambda: not _states()[("live", "marks")].is_failing)
                centre.exam("1001")
                lines = (line for line in events.iter_lines() if line.startswith(("event", "data")))
                assert next(lines)
        finally:
            browser.close()
