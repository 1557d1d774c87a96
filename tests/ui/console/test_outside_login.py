"""Login through a provider on another site, in a real browser: the cookies come through, the pages have no barrier."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from central.access.second_factor import TotpSeal
from central.core.login_config import LoginConfig, OidcConfig
from central.core.rights import Role
from central.store import accounts
from central.store.engine import writing
from tests.console_centre import PASSWORD, ConsoleCentre, serving
from tests.oidc_provider import CLIENT_ID, CLIENT_SECRET, Provider, running_provider
from tests.ui.console.test_every_page import _RUN_AXE, AXE

SECRET = pyotp.random_base32()


@pytest.fixture
def provider() -> Iterator[Provider]:
    with running_provider() as made:
        # Another site than 127.0.0.1, as a provider is.
        made.issuer = made.issuer.replace("127.0.0.1", "localhost")
        yield made


@pytest.fixture
def address(centre: ConsoleCentre, provider: Provider) -> Iterator[str]:
    secret = centre.folder / "oidc-secret"
    secret.write_text(CLIENT_SECRET)
    oidc = OidcConfig(name="Вход ЦРБ", issuer=provider.issuer, client_id=CLIENT_ID, client_secret_file=secret)
    http = centre.config.http.model_copy(update={"public_url": f"http://127.0.0.1:{centre.config.http.port}"})
    centre.config = centre.config.model_copy(update={"login": LoginConfig(oidc=oidc), "http": http})
    centre.add_account("admin", Role.ADMINISTRATOR)
    with serving(centre.app(), centre.config.http.port) as found:
        yield found


def _look(page: Page, name: str) -> None:
    page.evaluate(AXE)
    assert page.evaluate(_RUN_AXE, None) == [], name
    if folder := os.environ.get("PICTURES"):
        (Path(folder) / f"{name}.png").write_bytes(page.screenshot(full_page=True))


def test_a_medic_goes_to_the_provider_and_comes_back(
    chromium: Browser, centre: ConsoleCentre, address: str, provider: Provider
) -> None:
    faults: list[str] = []
    with contextlib.closing(chromium.new_context(viewport={"width": 1600, "height": 900})) as context:
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(f"{address}/login")
        page.fill("[name=username]", "admin")
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_url(lambda url: not url.endswith("/login"))
        page.goto(f"{address}/accounts")
        row = page.locator("tr", has_text="zoya")
        row.get_by_text("Кто подтверждает вход…").click()
        row.locator("[name=vouched_by]").select_option("oidc")
        row.locator("[name=vouched_name]").fill("person-17")
        _look(page, "accounts-vouching-ru")
        row.get_by_role("button", name="Сохранить").click()
        expect(page.locator("tr", has_text="zoya")).to_contain_text("через Вход ЦРБ")
        with writing(centre.engine) as connection:
            zoya = accounts.by_username(connection, "zoya")
            assert zoya is not None
            seal = TotpSeal(centre.config.keys.session_secret_file.read_bytes())
            sealed = seal.seal(SECRET, zoya.account_id)
            accounts.change_account(connection, zoya.account_id, {"totp_sealed": sealed})
    with contextlib.closing(chromium.new_context(viewport={"width": 1600, "height": 900})) as context:
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(f"{address}/login?next=/journal&language=ru")
        _look(page, "login-ru")
        page.goto(f"{address}/login?next=/journal&language=en")
        _look(page, "login-en")
        page.click("#outside")
        page.wait_for_url(f"{provider.issuer}/authorize**")
        page.fill("[name=subject]", "person-17")
        page.click("button")
        expect(page.locator("[name=ticket]")).to_be_attached()
        _look(page, "code-en")
        page.fill("[name=code]", pyotp.TOTP(SECRET).at(centre.now()))
        page.press("[name=code]", "Enter")
        page.wait_for_url(f"{address}/journal")
        page.goto(f"{address}/account")
        _look(page, "own-en")
        page.locator("details.you > summary").click()
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_text("Leave there too")).to_have_attribute("href", f"{provider.issuer}/leave")
        _look(page, "left-en")
        page.goto(f"{address}/login/outside/answer?state=made-up&code=1")
        expect(page.get_by_role("alert")).to_contain_text("Begin again")
    assert faults == []
