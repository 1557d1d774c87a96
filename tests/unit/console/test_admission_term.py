"""How long an admission holds: the centre's configuration says so, and a decision keeps what it was taken with."""

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from central.core.config import ConfigError, load_config
from central.store.decisions import decision
from central.store.engine import reading
from tests.console_centre import Browser, ConsoleCentre, serving


@pytest.fixture
def short(centre: ConsoleCentre) -> ConsoleCentre:
    """A centre whose admissions hold for two hours."""
    file = centre.folder / "central.toml"
    file.write_text(file.read_text(encoding="utf-8") + "\n[decisions]\nadmission_valid_hours = 2\n", encoding="utf-8")
    centre.config = load_config(file)
    return centre


@pytest.fixture
def zoya(short: ConsoleCentre) -> Iterator[Browser]:
    """The medic at that centre."""
    with serving(short.app(), short.config.http.port) as address, contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("zoya")


def test_admission_ends_so_long_after_the_measurements(short: ConsoleCentre, zoya: Browser) -> None:
    exam_id = short.exam("1001", started_at=short.now() - timedelta(minutes=90))
    assert zoya.decide(exam_id, outcome="admitted").status_code == 303
    with reading(short.engine) as connection:
        valid_until, decided_at = connection.execute(select(decision.c.valid_until, decision.c.decided_at)).one()
    assert timedelta(minutes=25) < valid_until - decided_at < timedelta(minutes=35)


def test_older_measurements_admit_nobody(short: ConsoleCentre, zoya: Browser) -> None:
    exam_id = short.exam("1001", started_at=short.now() - timedelta(minutes=130))
    refused = zoya.decide(exam_id, outcome="admitted")
    assert refused.status_code == 422
    assert "слишком давно" in refused.text
    assert zoya.decide(exam_id, outcome="refer", comment="осмотр просрочен").status_code == 303


@pytest.mark.parametrize("hours", ["0", "-1", "25", '"12"x'])
def test_a_term_that_makes_no_sense_does_not_start(centre: ConsoleCentre, tmp_path: Path, hours: str) -> None:
    file = tmp_path / "wrong.toml"
    words = (centre.folder / "central.toml").read_text(encoding="utf-8")
    file.write_text(f"{words}\n[decisions]\nadmission_valid_hours = {hours}\n", encoding="utf-8")
    with pytest.raises(ConfigError):
        load_config(file)
