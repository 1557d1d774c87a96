"""Fixtures of the console's tests."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from tests.console_centre import Browser, ConsoleCentre, build_centre_with_zoya, cheap_hashes, serving
from tests.lock_watch import Watch, watching


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    cheap_hashes(monkeypatch)


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[ConsoleCentre]:
    """A centre with one medic, `zoya`."""
    made = build_centre_with_zoya(tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def app(centre: ConsoleCentre) -> FastAPI:
    """The console."""
    return centre.app()


@pytest.fixture
def address(centre: ConsoleCentre, app: FastAPI) -> Iterator[str]:
    """Where the console is served."""
    with serving(app, centre.config.http.port) as found:
        yield found


@pytest.fixture
def zoya(address: str) -> Iterator[Browser]:
    """The medic's browser, logged in, key open."""
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("zoya")


@pytest.fixture
def foma(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    """A second medic's browser, logged in, key open."""
    centre.add_medic("foma", "Бережной Фома Лукич")
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("foma")


@pytest.fixture
def browser(address: str) -> Iterator[Browser]:
    """A browser in which nobody is logged in."""
    with contextlib.closing(Browser(address)) as made:
        yield made


@pytest.fixture(autouse=True)
def lock_watch(_cheap_hashes: None) -> Iterator[Watch]:
    """Nothing slow is done while the store waits: whatever a test makes a page, a job or a command do."""
    with watching() as watch:
        yield watch
    assert sorted(set(watch.offences)) == []
