"""The demo's past and present: every page of its console has something to show, and all of it is as real as an exam."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from central.core.config import CentralConfig
from central.core.snils import SnilsKey
from central.core.trust import Trust
from central.deciding.admissions import admissions
from central.deciding.decisions import is_valid
from central.keeping.installation import Choices, create_secrets, write_config
from central.link.outgoing import Outgoing
from central.people.limits import default_entries
from central.people.registry import Registry
from central.store import alerts, api_keys, decisions, instruments, issued, limits, schema, terminals, worklist
from central.store.engine import open_engine, reading, writing
from central.store.exams import exam
from central.words.exam_view import side_of
from dopusk.lab.demo import history
from dopusk.lab.demo.history import Past, fill_history
from dopusk.lab.demo.sample_medic import enter_medic
from dopusk.lab.demo.sample_people import HISTORY_TERMINAL_ID, ORG, SampleIds, enter_people, past_exams
from dopusk.lab.demo.world import FOUNDED_AGO, ORGANISATION, build_world
from drivers.registry import driver
from terminal.config import load_config
from tests.console_centre import cheap_hashes


@pytest.fixture
def past(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Past, Engine, CentralConfig]]:
    cheap_hashes(monkeypatch)

    def some(people: SampleIds, *, generation: str) -> list[dict[str, object]]:
        return past_exams(people, generation=generation)[-9:]

    monkeypatch.setattr(history, "past_exams", some)
    authority = create_secrets(tmp_path, clock=lambda: datetime.now(UTC) - FOUNDED_AGO)
    config = write_config(tmp_path, Choices("demo", 1, 1))
    engine = open_engine(config.store_url)
    schema.upgrade(engine)
    registry = Registry(Outgoing.from_config(config), SnilsKey.from_file(config.keys.snils_key_file))
    with writing(engine) as connection:
        people = enter_people(connection, registry, ("kiosk-01",))
        enter_medic(connection, authority, ORG, ORGANISATION, datetime.now(UTC), registry)
    yield fill_history(config, engine, registry, people), engine, config
    engine.dispose()


def test_demo_shows_something_on_every_page(past: tuple[Past, Engine, CentralConfig]) -> None:
    made, engine, config = past
    assert made.let_some_wait() == 3
    now = datetime.now(UTC)
    trust = Trust(config.keys.authority_dir)
    with reading(engine) as connection:
        waiting = worklist.waiting(connection, (ORG,))
        states = {row.personnel_number: row.state for row in admissions(connection, made.people.employers[0], now)}
        told = alerts.of_employers(connection, made.people.employers[:1])
        refusals = [
            item
            for year in issued.years(connection, (ORG,), "refusal")
            for item in issued.issued(connection, issued.Wanted((ORG,), "refusal", year))
        ]
        set_limits = limits.of_organisation(connection, ORG)
        keys = api_keys.of_organisations(connection, (ORG,))
        rows = connection.execute(select(exam)).all()
        given = [one for row in rows for one in decisions.of_exam(connection, row.exam_id)]

    assert [row.suggestion for row in waiting].count("out_of_limits") == 2
    assert states["1002"] == "admitted"
    assert states["1004"] == "not_admitted"
    assert [item.kind for item in told] == ["intoxication"]
    assert len(refusals) == 2
    assert set_limits
    assert keys
    assert {row.state for row in rows} == {"waiting", "decided", "unfinished"}
    assert [one.outcome for one in given if one.corrects] == ["admitted"]
    assert all(is_valid(one, trust) for one in given)


def test_what_the_rules_say_of_sample_exams_follows_from_their_values(
    past: tuple[Past, Engine, CentralConfig],
) -> None:
    made, _, _ = past
    for payload in made.day(datetime.now(UTC)).waiting():
        bounds = {item["parameter"]: item for item in payload["limits"]}
        last = {name: value for item in payload["measurements"] for name, value in item["values"].items()}
        beyond = {name for name, value in last.items() if side_of(value, bounds.get(name))}
        found = {item["parameter"] for item in payload["rule_verdict"]["findings"]}
        assert found - {"complaints"} == beyond


def test_the_sample_data_agree_with_each_other(past: tuple[Past, Engine, CentralConfig]) -> None:
    made, engine, _ = past
    made.let_some_wait()
    with reading(engine) as connection:
        payloads = [row.payload for row in connection.execute(select(exam)).all()]
        stored = [item for item in limits.of_organisation(connection, ORG) if item.withdrawn_at is None]
        register = instruments.verified_until(connection, ORG)
        reported = [dict(row) for row in connection.execute(select(terminals.device)).mappings()]
        seen = {row["terminal_id"]: row["last_seen"] for row in terminals.list_terminals(connection)}
    book = {entry["parameter"]: entry for entry in default_entries()}
    assert len(payloads) > 8
    for payload in payloads:
        for limit in payload["limits"]:
            if limit["source"] == "default":
                shown = book[limit["parameter"]]
                assert (limit.get("low"), limit["high"], limit["version"]) == (
                    shown.get("low"), shown["high"], shown["version"],
                )  # fmt: skip
        for item in payload["measurements"]:
            device = item["device"]
            known = register[device["maker"].lower(), device["serial"].lower()]
            assert device["verified_until"] == known.isoformat()
            assert datetime.fromisoformat(item["at"]).date() <= known
        for step, rest_s in {"pressure": 1200, "breath": 900}.items():
            taken = [datetime.fromisoformat(one["at"]) for one in payload["measurements"] if one["step"] == step]
            assert all((later - before).total_seconds() >= rest_s for before, later in pairwise(taken))
        assert datetime.fromisoformat(payload["finished_at"]) <= datetime.now(UTC)
    newest = max(payloads, key=lambda payload: str(payload["started_at"]))
    own = {item.parameter: item for item in stored if item.source == "organisation"}
    applied = {limit["parameter"]: limit for limit in newest["limits"]}
    assert applied["pulse_bpm"]["version"] == own["pulse_bpm"].version
    assert reported
    for row in reported:
        assert row["verified_until"] == register[row["maker"].lower(), row["serial"].lower()].isoformat()
    assert seen[HISTORY_TERMINAL_ID] is not None


def test_the_terminal_of_the_demo_has_the_instruments_of_the_register_and_others_exams_stand_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cheap_hashes(monkeypatch)
    world = build_world(tmp_path, 30.0, with_past=True, exams=30)
    try:
        engine = open_engine(world.config.store_url)
        with reading(engine) as connection:
            register = instruments.verified_until(connection, ORG)
            others = connection.execute(select(exam.c.generation).where(exam.c.org.like("med-1-%"))).scalars().all()
        engine.dispose()
        assert others == ["demo"] * 30
        assert world.population is not None
        configured = load_config(world.terminal_config).device
    finally:
        world.close()
    assert len(configured) == 3
    for device in configured:
        maker = driver(device.driver).maker
        assert device.verified_until == register[maker.lower(), str(device.serial_number).lower()]
