"""A centre filled with a population: in order for `verify`, as promised for plain SQL, open for its people, and never half made."""

import json
import statistics
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select, text

from central.books.codes import check_code, check_codes
from central.console.app import create_app
from central.core.config import CentralConfig
from central.core.rights import Role
from central.core.trust import Trust
from central.keeping.installation import Choices, create_secrets, write_config
from central.keeping.rebuild import rebuild
from central.keeping.verify import verify_store
from central.keeping.verify_report import Expected, StoreReport
from central.link.outgoing import Outgoing, load_signing_key
from central.store import exam_facts, exams, schema, seals
from central.store.engine import open_engine, reading, writing
from dopusk.lab.broker import free_port
from dopusk.lab.population import filling
from dopusk.lab.population.filling import Population, populate
from dopusk.lab.population.plan import Plan
from dopusk.lab.population.progress import PopulationRefused
from tests.console_centre import Browser, cheap_hashes, serving

UNTIL = datetime(2026, 11, 30, 9, 30, tzinfo=UTC)
PLAN = Plan(2, 9, 150, 700, 25, 3, UNTIL, frauds=True, waiting=6)
SMALL = Plan(2, 4, 40, 150, 5, 3, UNTIL, waiting=2)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CentralConfig:
    cheap_hashes(monkeypatch)
    create_secrets(tmp_path / "centre")
    return write_config(tmp_path / "centre", Choices("test", 8883, 8080))


def verified(engine: Engine, config: CentralConfig) -> StoreReport:
    key = load_signing_key(config.keys.centre_signing_key_file).public_key()
    return verify_store(engine, Expected(key, Trust(config.keys.authority_dir).anchors(), None, ()))


def test_a_population_is_what_intake_and_medics_would_have_left(engine: Engine, config: CentralConfig) -> None:
    made = populate(engine, config, PLAN)
    _check_all_in_order(engine, config, made)
    _check_what_plain_sql_finds(engine, made)
    _check_frauds(engine, made)


def _check_all_in_order(engine: Engine, config: CentralConfig, made: Population) -> None:
    """Signed, chained, sealed, and projected as it would be."""
    report = verified(engine, config)
    assert [str(fault) for fault in report.faults] == []
    assert report.exams == PLAN.exams
    assert report.decisions >= sum(made.report.outcomes[one] for one in ("admitted", "not_admitted", "refer"))
    every, facts = (
        select(exams.exam).order_by(exams.exam.c.exam_id),
        select(func.count()).select_from(exam_facts.exam_fact),
    )
    with reading(engine) as connection:
        written, said = connection.execute(every).all(), connection.execute(facts).scalar_one()
    with writing(engine) as connection:
        assert rebuild(connection) == PLAN.exams
        assert connection.execute(every).all() == written
        assert connection.execute(facts).scalar_one() == said
    assert {row.generation for row in written} == {"test"}


def _check_what_plain_sql_finds(engine: Engine, made: Population) -> None:
    with engine.connect() as connection:

        def ask(question: str) -> list[tuple[object, ...]]:
            return [tuple(row) for row in connection.execute(text(question))]

        for table, count in (("organisation", 2), ("employer", 9), ("worker", 150), ("exam", 700)):
            assert ask(f"SELECT count(*) FROM {table}") == [(count,)]  # noqa: S608  # our own names
        assert ask("SELECT count(*) FROM exam WHERE state = 'waiting'") == [(6,)]
        assert dict(ask("SELECT outcome, count(*) FROM exam WHERE outcome IS NOT NULL GROUP BY outcome")) == {
            name: count
            for name, count in made.report.outcomes.items()
            if name in {"admitted", "not_admitted", "not_identified", "refer", "repeat"}
        }
        per_day = Counter(str(at)[:10] for (at,) in ask("SELECT finished_at FROM exam WHERE state <> 'waiting'"))
        whole = [(datetime.fromisoformat(day).weekday(), count) for day, count in per_day.items() if day < "2026-11-30"]
        mean = [statistics.mean(count for weekday, count in whole if weekday == wanted) for wanted in range(7)]
        assert 0.4 * mean[1] < mean[5] < 0.7 * mean[1]
        assert 0.3 * mean[1] < mean[6] < 0.6 * mean[1]
        assert all(abs(mean[place] - mean[1]) < 0.15 * mean[1] for place in (0, 2, 3, 4))
        assert len(per_day) == PLAN.days
        assert ask("SELECT count(*) FROM (SELECT 1 FROM worker WHERE personnel_number = '1001') AS one") == [(9,)]
        people = ask("SELECT person_id FROM worker GROUP BY person_id HAVING count(*) > 1")
        assert 2 <= len(people) == 150 - ask("SELECT count(*) FROM person")[0][0]  # type: ignore[operator]
        regions, activities = (
            ask("SELECT DISTINCT region_code FROM employer"),
            ask("SELECT DISTINCT okved FROM employer"),
        )
        assert len(regions) >= 3 and len(activities) >= 5  # noqa: PT018


def _check_frauds(engine: Engine, made: Population) -> None:
    with reading(engine) as connection:
        rows = {row.exam_id: row for row in connection.execute(select(exams.exam))}
    frauds = made.report.frauds
    for exam_id in frauds["hasty_medic"]:
        row = rows[exam_id]
        assert row.decided_at is None or (row.decided_at - row.received_at).total_seconds() < 4
    honest = [row for key, row in rows.items() if row.decided_at and not any(key in ids for ids in frauds.values())]
    assert all((row.decided_at - row.received_at).total_seconds() > 4 for row in honest)
    values: dict[str, set[str]] = {}
    for exam_id in frauds["same_values"]:
        taken = [item["values"] for item in rows[exam_id].payload["measurements"] if item["step"] == "pressure"]
        values.setdefault(rows[exam_id].worker_id, set()).add(json.dumps(taken))
    assert all(len(said) == 1 for said in values.values())


def test_a_population_that_was_broken_off_is_whole_and_goes_on(
    engine: Engine, config: CentralConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "AT_ONCE", 40)

    def stop(done: int, whole: int) -> None:
        if done >= 80:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        populate(engine, config, SMALL, tell=stop)
    assert verified(engine, config).ok
    with reading(engine) as connection:
        assert exams.count(connection) == 80
    with pytest.raises(PopulationRefused, match="broken off after 80"):
        populate(engine, config, replace(SMALL, exams=90))
    told: list[int] = []
    populate(engine, config, replace(SMALL, until=UNTIL + timedelta(hours=3)), tell=lambda done, _: told.append(done))
    assert told == [120, 150]
    report = verified(engine, config)
    assert [str(fault) for fault in report.faults] == []
    assert report.exams == SMALL.exams


def test_a_batch_that_fails_leaves_nothing(
    engine: Engine, config: CentralConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fall(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(filling, "AT_ONCE", 100)
    begun = populate(engine, config, Plan(1, 2, 20, 60, 5, 3, UNTIL))
    assert begun.progress.is_whole
    monkeypatch.setattr(filling, "seal", fall)
    with pytest.raises(KeyboardInterrupt):
        populate(engine, config, SMALL, is_more=True)
    with reading(engine) as connection:
        assert exams.count(connection) == 60
        assert connection.execute(text("SELECT count(*) FROM organisation")).scalar_one() == 1
    assert verified(engine, config).ok


def _shown(engine: Engine) -> list[tuple[object, ...]]:
    names = ("worker.full_name", "worker.personnel_number", "employer.name")
    columns = ", ".join([*names, *(f"exam.{name}" for name in ("finished_at", "suggestion", "outcome", "decided_at"))])
    joins = " ".join(f"LEFT JOIN {name} ON {name}.{name}_id = exam.{name}_id" for name in ("worker", "employer"))
    with engine.connect() as connection:
        question = f"SELECT {columns} FROM exam {joins} ORDER BY exam.finished_at, worker.full_name"  # noqa: S608  # our own names
        return [tuple(row) for row in connection.execute(text(question))]


def test_the_same_seed_gives_the_same_rows_but_for_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cheap_hashes(monkeypatch)
    shown = []
    for seed in (4, 4, 5):
        folder = tmp_path / f"centre{len(shown)}"
        create_secrets(folder)
        one = write_config(folder, Choices("demo", 8883, 8080))
        engine = open_engine(one.store_url)
        schema.upgrade(engine)
        populate(engine, one, Plan(2, 4, 30, 200, 9, seed, UNTIL))
        shown.append(_shown(engine))
        engine.dispose()
    assert shown[0] == shown[1] != shown[2]


def test_another_population_comes_beside_only_when_it_is_asked_for(engine: Engine, config: CentralConfig) -> None:
    small = Plan(1, 2, 20, 60, 5, 3, UNTIL)
    populate(engine, config, small)
    with pytest.raises(PopulationRefused, match="--add"):
        populate(engine, config, small)
    populate(engine, config, small, is_more=True)
    with reading(engine) as connection:
        assert exams.count(connection) == 120
        assert connection.execute(text("SELECT count(*) FROM person")).scalar_one() >= 38
        head = seals.head(connection)
    assert head is not None
    assert verified(engine, config).ok


def test_a_real_centre_is_refused(engine: Engine, config: CentralConfig) -> None:
    real = config.model_copy(update={"generation": "real"})
    with pytest.raises(PopulationRefused, match="a real centre takes no invented people"):
        populate(engine, real, PLAN)
    with reading(engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM organisation")).scalar_one() == 0


def test_codes_are_in_the_reference_books_and_pages_open(engine: Engine, config: CentralConfig) -> None:
    plan = replace(SMALL, employers=10, exams=120, waiting=4)
    made = populate(engine, config, plan)
    names, day = made.titles.names, UNTIL.date()
    with writing(engine) as connection:
        for firm in made.society.firms:
            org = names.orgs[firm.centre]
            assert check_code(connection, "okved", firm.activity.okved, org=org, day=day)[1] is None
            assert check_code(connection, "region_code", firm.region, org=org, day=day)[1] is None
            assert check_codes(connection, "harm_factors", firm.activity.factors, org=org, day=day)[1] is None
        papers = connection.execute(text("SELECT inn FROM employer")).scalars().all()
    assert len(set(papers)) == plan.employers
    app = create_app(config, engine=engine, outgoing=Outgoing.from_config(config), wake=lambda: None)
    others = {role: made.titles.others[role] for role in (Role.SENIOR_MEDIC, Role.SERVICE, Role.EMPLOYER)}
    decided, waiting = made.report.decided[-1], made.report.waiting
    pages = {
        Role.SENIOR_MEDIC: (
            "/queue",
            "/journal",
            f"/exams/{decided}",
            f"/exams/{waiting[0]}",
            "/registers/workers?q=1001",
        ),
        Role.SERVICE: ("/fleet",),
        Role.EMPLOYER: ("/admissions",),
    }
    with serving(app, free_port()) as address:
        for role, username in others.items():
            with closing(Browser(address)) as browser:
                known = {"username": username, "password": made.password}
                assert browser.post("/login", known).status_code == HTTPStatus.SEE_OTHER
                shown = {path: browser.get(path) for path in pages[role]}
                assert {path: answer.status_code for path, answer in shown.items() if answer.status_code != 200} == {}
                if role is Role.SENIOR_MEDIC:
                    assert all(exam_id in shown["/queue"].text for exam_id in waiting)
                    assert decided in shown["/journal"].text
        with closing(Browser(address)) as browser:
            desk = next(desk for desk in made.desks if desk.entry.org == _org_of(engine, waiting[0]))
            known = {"username": desk.username, "password": made.password}
            assert browser.post("/login", known).status_code == HTTPStatus.SEE_OTHER
            answer = browser.post("/signature", {"passphrase": made.passphrase})
            assert answer.status_code == HTTPStatus.SEE_OTHER
            given = browser.decide(waiting[0], outcome="not_admitted", reasons="other", comment="проба")
            assert given.status_code == HTTPStatus.SEE_OTHER, given.text


def _org_of(engine: Engine, exam_id: str) -> str:
    with reading(engine) as connection:
        return str(connection.execute(select(exams.exam.c.org).where(exams.exam.c.exam_id == exam_id)).scalar_one())
