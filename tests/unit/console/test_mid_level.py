"""The right of a mid-level medic to conclude: strict as shipped, given by the configuration, and never a way to admit."""

import contextlib
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from central.deciding.admissions import admissions
from central.store.decisions import decision
from central.store.engine import reading
from central.store.medics import medic
from central.store.workers import get_worker
from tests.console_centre import Browser, ConsoleCentre
from tests.written_papers import write_paper


@pytest.fixture
def feldsher(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    """A medic of secondary education, key open."""
    centre.add_medic("foma", "Бережной Фома Лукич", education="secondary")
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("foma")


def _outcomes(centre: ConsoleCentre) -> list[str]:
    with reading(centre.engine) as connection:
        return list(connection.execute(select(decision.c.outcome).order_by(decision.c.decision_id)).scalars())


def test_a_feldsher_concludes_no_signs_and_sends_to_a_doctor(centre: ConsoleCentre, feldsher: Browser) -> None:
    exam_id = centre.exam("1003", systolic_mmhg=171)
    assert "Фельдшер и медсестра выбирают" in feldsher.get(f"/exams/{exam_id}").text, "before anything is signed"
    refused = feldsher.decide(exam_id, outcome="not_admitted", reasons="pressure_high")
    assert refused.status_code == 422
    assert "decisions.mid_level_finds_signs" in refused.text, "who must mend what"
    assert _outcomes(centre) == []
    assert feldsher.decide(exam_id, outcome="refer", reasons="pressure_high").status_code == 303
    with reading(centre.engine) as connection:
        worker_id = centre.people.workers["1003"]
        row = get_worker(connection, worker_id)
        assert row is not None
        (state,) = admissions(connection, row["employer_id"], centre.now(), worker_id)
    assert state.state not in {"admitted", "waiting"}
    form = feldsher.get(f"/exams/{exam_id}/protocol").text
    assert '<option value="conclusion_intoxication" disabled>' in form, "before anything is typed"
    assert '<small class="warn">такое заключение даёт врач' in form
    answer = write_paper(feldsher, exam_id, "sobriety", conclusion="conclusion_intoxication")
    assert answer.status_code == 422
    assert 'id="fault-conclusion">такое заключение даёт врач' in answer.text
    assert write_paper(feldsher, exam_id, "sobriety").status_code == 303


def test_a_feldsher_admits_whom_the_rules_let_pass(centre: ConsoleCentre, feldsher: Browser) -> None:
    assert feldsher.decide(centre.exam("1001"), outcome="admitted").status_code == 303


def test_the_configuration_gives_the_right(
    centre: ConsoleCentre, app: FastAPI, feldsher: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    console = app.state.console
    monkeypatch.setattr(console.decisions, "_mid_level_may", True)
    settings = console.config.decisions.model_copy(update={"mid_level_finds_signs": True})
    monkeypatch.setitem(console.config.__dict__, "decisions", settings)
    exam_id = centre.exam("1003", systolic_mmhg=171)
    assert "Фельдшер и медсестра выбирают" not in feldsher.get(f"/exams/{exam_id}").text
    assert feldsher.decide(exam_id, outcome="not_admitted", reasons="pressure_high").status_code == 303


def test_a_doctor_concludes_either(centre: ConsoleCentre, zoya: Browser) -> None:
    with reading(centre.engine) as connection:
        assert connection.execute(select(medic.c.education)).scalar_one() == "higher"
    exam_id = centre.exam("1003", systolic_mmhg=171)
    assert zoya.decide(exam_id, outcome="not_admitted", reasons="pressure_high").status_code == 303
