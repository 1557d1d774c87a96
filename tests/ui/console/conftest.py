"""A served console and a real Chromium for it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.console_centre import PASSPHRASE, PASSWORD, ConsoleCentre, build_centre_with_zoya, cheap_hashes, serving
from tests.console_centre import Browser as Client
from tests.ui.console.stage import WHO, Seen, Stage, look_around, staged

CHROMIUM = "/usr/bin/chromium"
WAIT_MS = 60_000
expect.set_options(timeout=WAIT_MS)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    cheap_hashes(monkeypatch)


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[ConsoleCentre]:
    made = build_centre_with_zoya(tmp_path)
    made.add_medic("foma", "Бережной Фома Лукич")
    yield made
    made.engine.dispose()


@pytest.fixture
def address(centre: ConsoleCentre) -> Iterator[str]:
    with serving(centre.app(), centre.config.http.port) as found:
        yield found


class Desk:
    """One medic's desk: a browser of its own, logged in, key open. Faults of the page's script fail the test.

    It takes over the session of a client that has logged in: Chromium needs seconds for the forms (`by_hand`).
    """

    def __init__(self, chromium: Browser, address: str, username: str, *, by_hand: bool = False) -> None:
        self.address = address
        self.context = chromium.new_context(viewport={"width": 1600, "height": 900}, timezone_id="Asia/Irkutsk")
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(WAIT_MS)
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        if by_hand:
            self.log_in(username)
        else:
            self._take_session(username)

    def _take_session(self, username: str) -> None:
        with contextlib.closing(Client(self.address).log_in(username)) as client:
            for cookie in client.http.cookies.jar:
                self.context.add_cookies([{"name": cookie.name, "value": cookie.value or "", "url": self.address}])
        self.page.goto(f"{self.address}/queue")

    def log_in(self, username: str) -> None:
        page = self.page
        page.goto(f"{self.address}/login")
        page.fill("[name=username]", username)
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_url("**/queue")
        page.goto(f"{self.address}/signature")
        page.fill("[name=passphrase]", PASSPHRASE)
        page.press("[name=passphrase]", "Enter")
        page.wait_for_url("**/queue")

    def row(self, exam_id: str) -> str:
        return f'tr[data-exam="{exam_id}"]'

    def close(self) -> None:
        self.context.close()
        assert self.faults == []


@pytest.fixture
def zoya(chromium: Browser, address: str) -> Iterator[Desk]:
    desk = Desk(chromium, address, "zoya")
    yield desk
    desk.close()


@pytest.fixture
def foma(chromium: Browser, address: str) -> Iterator[Desk]:
    desk = Desk(chromium, address, "foma")
    yield desk
    desk.close()


@pytest.fixture(scope="package")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One centre for the walks over all pages: a test that uses it changes nothing that another one looks at."""
    with pytest.MonkeyPatch.context() as patch:
        cheap_hashes(patch)
        with staged(tmp_path_factory.mktemp("stage")) as made:
            yield made


@pytest.fixture(scope="package")
def seen(stage: Stage) -> dict[str, Seen]:
    """What each role may look at, and strangers."""
    return {who: look_around(stage, who) for who in WHO}
