"""The same secret tried by many at once, on both stores: counters count all of it, and what works once works once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pyotp
import pytest
from sqlalchemy import Engine

from central.access.accounts import CheckedLogin, LoginRefused, check_login, create_account, try_password
from central.access.login_gates import PASSPHRASE, gate_at
from central.access.second_factor import FactorPolicy, TotpSeal, new_recovery_codes
from central.core.rights import Role
from central.store import accounts, secret_tries
from central.store.engine import reading, writing
from tests.console_centre import PASSWORD, cheap_hashes

SEAL = TotpSeal(b"x" * 32)
NOBODY_MUST = FactorPolicy(frozenset(), timedelta(hours=1))


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    cheap_hashes(monkeypatch)


@pytest.fixture
def account_id(engine: Engine) -> str:
    with writing(engine) as connection:
        return create_account(
            connection, username="zoya", full_name="Зоя", role=Role.MEDIC, password=PASSWORD, now=datetime.now(UTC)
        )


def _at_once(times: int, work: Callable[[int], str]) -> list[str]:
    """What that many threads get that begin at the same moment."""
    start = Barrier(times)

    def begin(number: int) -> str:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(begin, range(times)))


def _log_in(engine: Engine, username: str, typed: str, code: str = "") -> str:
    now = datetime.now(UTC)
    tried = try_password(engine, username, typed)
    outcome: CheckedLogin | LoginRefused
    with writing(engine) as connection:
        try:
            outcome = check_login(connection, username, typed, code, SEAL, NOBODY_MUST, now, tried=tried)
        except LoginRefused as error:
            outcome = error
    return outcome.code if isinstance(outcome, LoginRefused) else "in"


@pytest.mark.parametrize("username", ["zoya", "nobody"])
def test_forty_wrong_passwords_at_once_are_five_tries(engine: Engine, account_id: str, username: str) -> None:
    told = _at_once(40, lambda _: _log_in(engine, username, "wrong"))
    assert sorted(told) == ["locked"] * 35 + ["wrong"] * 5
    if username == "zoya":
        assert _log_in(engine, username, PASSWORD) == "locked"
        with reading(engine) as connection:
            account = accounts.by_id(connection, account_id)
        assert account is not None
        assert account.locked_until is not None


def test_one_code_opens_one_session(engine: Engine, account_id: str) -> None:
    secret = pyotp.random_base32()
    with writing(engine) as connection:
        accounts.change_account(connection, account_id, {"totp_sealed": SEAL.seal(secret, account_id)})
    code = pyotp.TOTP(secret).now()
    told = _at_once(8, lambda _: _log_in(engine, "zoya", PASSWORD, code))
    assert told.count("in") == 1
    assert set(told) == {"in", "wrong", "locked"}


def test_one_recovery_code_opens_one_session(engine: Engine, account_id: str) -> None:
    with writing(engine) as connection:
        sealed = SEAL.seal(pyotp.random_base32(), account_id)
        accounts.change_account(connection, account_id, {"totp_sealed": sealed})
        code = new_recovery_codes(connection, account_id, datetime.now(UTC))[0]
    assert _at_once(4, lambda _: _log_in(engine, "zoya", PASSWORD, code)).count("in") == 1


def test_wrong_codes_at_once_are_five_tries(engine: Engine, account_id: str) -> None:
    with writing(engine) as connection:
        sealed = SEAL.seal(pyotp.random_base32(), account_id)
        accounts.change_account(connection, account_id, {"totp_sealed": sealed})
    told = _at_once(20, lambda _: _log_in(engine, "zoya", PASSWORD, "11111-11111-11111-11111"))
    assert sorted(told) == ["locked"] * 15 + ["wrong"] * 5


def test_tries_of_any_door_are_all_counted(engine: Engine) -> None:
    now = datetime.now(UTC)

    def fail(_: int) -> str:
        with writing(engine) as connection:
            gate = gate_at(connection, "passphrase/x", None, PASSPHRASE, now)
            if gate.tries.are_locked(now):
                return "locked"
            return "closes" if gate.fail(connection, now) else "wrong"

    assert sorted(_at_once(20, fail)) == ["closes"] + ["locked"] * 15 + ["wrong"] * 4
    with reading(engine) as connection:
        assert secret_tries.seen(connection, "passphrase/x").are_locked(now)


def test_one_login_name_is_given_once(engine: Engine) -> None:
    def add(number: int) -> str:
        try:
            with writing(engine) as connection:
                create_account(
                    connection,
                    username="foma",
                    full_name=f"Фома {number}",
                    role=Role.MEDIC,
                    password=PASSWORD,
                    now=datetime.now(UTC),
                )
        except ValueError:
            return "taken"
        return "added"

    assert sorted(_at_once(8, add)) == ["added"] + ["taken"] * 7


def test_two_first_factors_at_once_are_one(engine: Engine, account_id: str) -> None:
    def set_up(number: int) -> str:
        with writing(engine) as connection:
            values = {"totp_sealed": b"%d" % number, "totp_last_step": number}
            return "set" if accounts.set_first_factor(connection, account_id, values) else "late"

    assert sorted(_at_once(8, set_up)) == ["late"] * 7 + ["set"]


def test_organisations_that_are_added_at_once_are_all_kept(engine: Engine, account_id: str) -> None:
    def add(number: int) -> str:
        with writing(engine) as connection:
            accounts.add_org(connection, account_id, f"org{number}")
        return ""

    _at_once(8, add)
    with reading(engine) as connection:
        account = accounts.by_id(connection, account_id)
    assert account is not None
    assert sorted(account.orgs) == [f"org{number}" for number in range(8)]
