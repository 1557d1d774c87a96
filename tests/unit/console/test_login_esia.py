"""Login of a medic through ЕСИА, in both variants, against a stand-in that checks what was signed: who comes in, and who not."""

import contextlib
import re
from collections.abc import Callable, Iterator

import httpx
import pytest
from sqlalchemy import select

from central.core.login_config import EsiaConfig, LoginConfig
from central.core.rights import Role
from central.store import accounts
from central.store.audit import audit
from central.store.engine import reading
from central.store.medics import medic
from tests.console_centre import Browser, ConsoleCentre
from tests.esia_stand_in import CLIENT_ID, Esia, running_esia

STATE_OF_ANOTHER = "11111111-1111-4111-8111-111111111111"


@pytest.fixture(scope="module")
def running() -> Iterator[Esia]:
    with running_esia() as made:
        yield made


@pytest.fixture(params=["raw", "pkcs7"])
def variant(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def esia(running: Esia, centre: ConsoleCentre) -> Esia:
    """The stand-in as it is, and the SNILS of `foma` at it."""
    running.token_key, running.trusted, running.claims, running.state = "esia", True, {}, ""
    running.refused.clear()
    centre.add_medic("foma", "Бережной Фома Лукич")
    with reading(centre.engine) as connection:
        (sealed,) = connection.execute(
            select(medic.c.snils_sealed).where(medic.c.full_name == "Бережной Фома Лукич")
        ).scalars()
    running.snils = _dashed(centre.registry.open_snils(sealed))
    return running


@pytest.fixture
def centre(centre: ConsoleCentre, running: Esia, variant: str) -> ConsoleCentre:
    folder = running.authority.folder
    config = EsiaConfig(
        name="ЕСИА",
        base=running.base,
        variant=variant,
        client_id=CLIENT_ID,
        certificate_file=folder / "dopusk.pem",
        key_file=folder / "dopusk.key",
        token_certificate_file=folder / "esia.pem",
    )
    centre.config = centre.config.model_copy(update={"login": LoginConfig(esia=config)})
    centre.add_account("admin", Role.ADMINISTRATOR)
    return centre


@pytest.fixture
def linked(centre: ConsoleCentre, esia: Esia, address: str) -> str:
    """The account `foma`, for which ЕСИА vouches: nobody types a name of ЕСИА's."""
    with reading(centre.engine) as connection:
        found = accounts.by_username(connection, "foma")
    assert found is not None
    with contextlib.closing(Browser(address)) as admin:
        admin.log_in("admin", unlock=False)
        path = f"/accounts/{found.account_id}/vouching"
        assert admin.post(path, {"vouched_by": "oidc"}, page="/accounts").status_code == 303
    return found.account_id


def _dashed(digits: str) -> str:
    return f"{digits[:3]}-{digits[3:6]}-{digits[6:9]} {digits[9:]}"


def _begin(browser: Browser) -> str:
    answer = browser.post("/login/outside", {}, page="/login")
    assert answer.status_code == 200, answer.text
    found = re.search(r'content="0;url=([^"]+)"', answer.text)
    assert found is not None
    return found[1].replace("&amp;", "&")


def _log_in(browser: Browser, esia: Esia) -> httpx.Response:
    return browser.get(esia.authorise(_begin(browser)))


def _refused(centre: ConsoleCentre) -> list[str]:
    with reading(centre.engine) as connection:
        query = select(audit).where(audit.c.action == "login.refused").order_by(audit.c.audit_id)
        return [row.detail["code"] for row in connection.execute(query)]


def test_a_medic_comes_in_by_snils_and_types_no_password_of_the_portal(
    centre: ConsoleCentre, esia: Esia, linked: str, browser: Browser
) -> None:
    shown = browser.get("/login").text
    assert "Войти через ЕСИА" in shown
    answer = _log_in(browser, esia)
    assert answer.status_code == 200, (answer.text, esia.refused)
    assert esia.refused == []
    assert browser.get("/queue").status_code == 200
    # Neither SNILS nor token stay anywhere.
    with reading(centre.engine) as connection:
        kept = repr(connection.execute(select(audit)).all()) + repr(accounts.by_username(connection, "foma"))
    assert esia.snils not in kept
    assert "access-1" not in kept


@pytest.mark.parametrize("variant", ["raw"], indirect=True)
def test_what_was_used_once_opens_nothing_again(
    centre: ConsoleCentre, esia: Esia, linked: str, browser: Browser, address: str
) -> None:
    back = esia.authorise(_begin(browser))
    with contextlib.closing(Browser(address)) as other:
        assert other.get(back).status_code == 401, "not the browser that began it"
    assert browser.get(back).status_code == 200
    assert browser.get(back).status_code == 401
    # An answer of ЕСИА's for another login is nobody's here.
    esia.state = STATE_OF_ANOTHER
    with contextlib.closing(Browser(address)) as third:
        assert third.get(esia.authorise(_begin(third))).status_code == 401
    assert _refused(centre) == ["wrong_state", "wrong_state", "wrong_nonce"]


def _other_snils(esia: Esia) -> None:
    esia.snils = "112-233-445 95"


def _wrong_number(esia: Esia) -> None:
    esia.snils = "112-233-445 96"


def _not_trusted(esia: Esia) -> None:
    esia.trusted = False


def _other_network(esia: Esia) -> None:
    """A token signed by the key of another network: of the test portal, or of a stranger."""
    esia.token_key = "stranger"


def _other_client(esia: Esia) -> None:
    esia.claims = {"aud": "OTHER01"}


def _other_issuer(esia: Esia) -> None:
    esia.claims = {"iss": "http://esia-portal1.test.gosuslugi.ru/"}


def _old(esia: Esia) -> None:
    esia.claims = {"exp": 1_700_000_000}


def _nobody(esia: Esia) -> None:
    esia.claims = {"urn:esia:sbj": {}}


@pytest.mark.parametrize("variant", ["raw"], indirect=True)
@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (_other_snils, "wrong_snils"),
        (_wrong_number, "wrong_snils"),
        (_not_trusted, "not_trusted"),
        (_other_network, "wrong_token"),
        (_other_client, "wrong_audience"),
        (_other_issuer, "wrong_issuer"),
        (_old, "expired"),
        (_nobody, "wrong_token"),
    ],
)
def test_what_proves_nothing_opens_nothing(
    centre: ConsoleCentre, esia: Esia, linked: str, browser: Browser, spoil: Callable[[Esia], None], code: str
) -> None:
    spoil(esia)
    answer = _log_in(browser, esia)
    assert answer.status_code == 401
    assert _refused(centre) == [code]
    assert browser.get("/queue").status_code != 200


def test_an_account_for_which_nobody_vouches_stays_closed(centre: ConsoleCentre, esia: Esia, browser: Browser) -> None:
    assert _log_in(browser, esia).status_code == 401
    assert _refused(centre) == ["wrong_snils"]


@pytest.mark.parametrize("variant", ["raw"], indirect=True)
def test_an_account_without_a_medic_cannot_be_vouched_for(
    centre: ConsoleCentre, esia: Esia, address: str, browser: Browser
) -> None:
    centre.add_account("auditor", Role.AUDITOR)
    with reading(centre.engine) as connection:
        found = accounts.by_username(connection, "auditor")
    assert found is not None
    browser.log_in("admin", unlock=False)
    path = f"/accounts/{found.account_id}/vouching"
    assert browser.post(path, {"vouched_by": "oidc", "vouched_name": "x"}, page="/accounts").status_code == 422


def test_a_key_that_the_portal_does_not_know_is_its_refusal(
    centre: ConsoleCentre, esia: Esia, linked: str, browser: Browser
) -> None:
    esia.client = "stranger"
    try:
        answer = _log_in(browser, esia)
    finally:
        esia.client = "dopusk"
    assert (answer.status_code, esia.refused) == (401, ["ESIA-007002"])
    assert _refused(centre) == ["provider_refused"]


def test_a_biometric_system_is_said_to_be_not_connected() -> None:
    with pytest.raises(ValueError, match="not connected"):
        LoginConfig(ebs={"name": "ЕБС"})
