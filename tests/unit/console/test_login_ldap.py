"""Login by the password of a directory: a real OpenLDAP server on the loopback, and servers that misbehave."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from central.access import directory as directory_module
from central.access.directory import Directory, DirectoryOutage
from central.core.login_config import LdapConfig, LoginConfig
from central.core.rights import Role
from central.store import accounts
from central.store.audit import audit
from central.store.engine import reading, writing
from tests.console_centre import PASSPHRASE, PASSWORD, Browser, ConsoleCentre
from tests.slapd import DIRECTORY_PASSWORD, NAME, READER, SUFFIX, RunningDirectory, running_directory

USER_DN = f"uid={{name}},ou=people,{SUFFIX}"


@pytest.fixture(scope="module")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDirectory]:
    with running_directory(tmp_path_factory.mktemp("slapd")) as made:
        yield made


def _config(slapd: RunningDirectory, **changes: Any) -> LdapConfig:
    values = {"name": "Каталог ЦРБ", "host": "127.0.0.1", "port": slapd.port, "ca_file": slapd.ca_file}
    return LdapConfig(**(values | {"user_dn": USER_DN} | changes))


def _by_search(slapd: RunningDirectory, **changes: Any) -> LdapConfig:
    search = {
        "user_dn": None,
        "search_base": SUFFIX,
        "bind_dn": READER,
        "bind_password_file": slapd.reader_password_file,
    }
    return _config(slapd, **(search | changes))


def test_the_directory_says_whether_a_password_is_right(slapd: RunningDirectory) -> None:
    starttls = {"tls": "starttls", "port": slapd.plain_port}
    for config in (_config(slapd), _config(slapd, **starttls), _by_search(slapd), _by_search(slapd, **starttls)):
        asked = Directory(config)
        assert asked.is_right(NAME, DIRECTORY_PASSWORD)
        for name, password in (
            (NAME, "wrong"),
            (NAME, DIRECTORY_PASSWORD.upper()),
            ("nobody", DIRECTORY_PASSWORD),
            ("berezhnoy", DIRECTORY_PASSWORD),
        ):
            assert not asked.is_right(name, password), (config, name)


def test_an_empty_password_never_binds(slapd: RunningDirectory) -> None:
    """The server here takes one for an anonymous bind and says yes, as the standard lets it."""
    for config in (_config(slapd), _by_search(slapd)):
        for password in ("", "\x00"):
            assert not Directory(config).is_right(NAME, password)
        assert not Directory(config).is_right("", DIRECTORY_PASSWORD)


@pytest.mark.parametrize(
    "name",
    [
        "*",
        "lugovaya*",
        f"{NAME})(uid=*",
        f"*)(|(uid={NAME}",
        f"{NAME},ou=people",
        f"{NAME}\\2c",
        f"nobody,ou=people,{SUFFIX}+uid={NAME}",
        f"{NAME}\x00",
        "x" * 300,
    ],
)
def test_a_name_is_a_name_and_no_filter(slapd: RunningDirectory, name: str) -> None:
    for config in (_config(slapd), _by_search(slapd)):
        assert not Directory(config).is_right(name, DIRECTORY_PASSWORD)


def test_two_entries_of_one_name_are_nobody(slapd: RunningDirectory) -> None:
    with pytest.raises(DirectoryOutage, match="more than one"):
        Directory(_by_search(slapd, search_filter="(mail={name})")).is_right("z@crb.example", DIRECTORY_PASSWORD)


def test_what_cannot_be_asked_is_an_outage(slapd: RunningDirectory, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("wrong")
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as closed:
        port = closed.getsockname()[1]
    for config in (
        _config(slapd, port=port),
        _config(slapd, ca_file=None),
        _config(slapd, host="localhost"),
        _config(slapd, port=slapd.plain_port),
        _config(slapd, tls="starttls"),
        _by_search(slapd, bind_password_file=wrong),
    ):
        with pytest.raises(DirectoryOutage):
            Directory(config).is_right(NAME, DIRECTORY_PASSWORD)


def test_a_server_that_is_silent_or_talks_nonsense_holds_nobody_up(
    slapd: RunningDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory_module, "TERM_S", 0.5)
    for said in (b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x30\x84\x7f\xff\xff\xff"):
        with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as server:
            taken: list[socket.socket] = []

            def answer(server: socket.socket = server, said: bytes = said, taken: list[socket.socket] = taken) -> None:
                line, _ = server.accept()
                taken.append(line)
                line.sendall(said)

            thread = threading.Thread(target=answer, name="nonsense")
            thread.start()
            config = _config(slapd, tls="starttls", port=server.getsockname()[1])
            with pytest.raises(DirectoryOutage):
                Directory(config).is_right(NAME, DIRECTORY_PASSWORD)
            thread.join()
            taken[0].close()


@pytest.fixture
def centre(centre: ConsoleCentre, slapd: RunningDirectory) -> ConsoleCentre:
    centre.config = centre.config.model_copy(update={"login": LoginConfig(ldap=_config(slapd))})
    centre.add_account("admin", Role.ADMINISTRATOR)
    return centre


@pytest.fixture
def linked(centre: ConsoleCentre, address: str) -> str:
    with reading(centre.engine) as connection:
        zoya = accounts.by_username(connection, "zoya")
    assert zoya is not None
    with contextlib.closing(Browser(address)) as admin:
        admin.log_in("admin", unlock=False)
        fields = {"vouched_by": "ldap", "vouched_name": NAME}
        answer = admin.post(f"/accounts/{zoya.account_id}/vouching", fields, page="/accounts")
        assert answer.status_code == 303, answer.text
    return zoya.account_id


def _log_in(browser: Browser, password: str = DIRECTORY_PASSWORD) -> int:
    return browser.post("/login", {"username": "zoya", "password": password}).status_code


def _last(centre: ConsoleCentre) -> tuple[str, dict[str, Any]]:
    with reading(centre.engine) as connection:
        row = connection.execute(select(audit).order_by(audit.c.at.desc(), audit.c.audit_id.desc()).limit(1)).one()
        return row.action, row.detail


def test_a_medic_comes_in_by_the_password_of_the_directory(
    centre: ConsoleCentre, browser: Browser, linked: str
) -> None:
    assert "Каталог ЦРБ" in browser.get("/login").text
    assert _log_in(browser, PASSWORD) == 401, "the password of before"
    assert _log_in(browser, "") == 401
    assert _last(centre) == ("login.refused", {"code": "wrong", "by": "ldap"})
    assert _log_in(browser) == 303
    assert _last(centre) == ("login", {"by": "ldap"})
    exam_id = centre.exam()
    assert browser.decide(exam_id, outcome="admitted").headers["location"] == "/signature"
    assert browser.post("/signature", {"passphrase": DIRECTORY_PASSWORD}).status_code == 403
    assert browser.post("/signature", {"passphrase": "wrong"}).status_code == 403
    # Now the password of the login is asked for too: that of the directory.
    assert browser.post("/signature", {"passphrase": PASSPHRASE, "password": PASSWORD}).status_code == 403
    assert browser.post("/signature", {"passphrase": PASSPHRASE, "password": DIRECTORY_PASSWORD}).status_code == 303
    assert browser.decide(exam_id, outcome="admitted").status_code == 303


def test_wrong_passwords_close_our_door_and_not_that_of_the_directory(
    centre: ConsoleCentre, browser: Browser, linked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        assert _log_in(browser, "wrong") == 401
    asked: list[str] = []
    true = Directory.is_right
    monkeypatch.setattr(Directory, "is_right", lambda self, name, word: asked.append(name) or true(self, name, word))
    assert _log_in(browser) == 429
    assert asked == []
    centre.shift = timedelta(minutes=16)
    assert _log_in(browser) == 303
    assert asked == [NAME]


def test_an_outage_is_said_counts_nothing_and_own_accounts_go_on(
    centre: ConsoleCentre, browser: Browser, linked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def out(self: Directory, name: str, password: str) -> bool:
        raise DirectoryOutage("no answer")

    with monkeypatch.context() as patch:
        patch.setattr(Directory, "is_right", out)
        for _ in range(6):
            answer = browser.post("/login", {"username": "zoya", "password": DIRECTORY_PASSWORD})
            assert answer.status_code == 503
            assert "Каталог «Каталог ЦРБ» сейчас не отвечает" in answer.text
        assert _last(centre) == ("login.refused", {"code": "directory_outage", "by": "ldap"})
        assert browser.post("/login", {"username": "admin", "password": PASSWORD}).status_code == 303
    assert _log_in(browser) == 303


def test_who_is_switched_off_or_named_otherwise_stays_out(centre: ConsoleCentre, browser: Browser, linked: str) -> None:
    with writing(centre.engine) as connection:
        accounts.change_account(connection, linked, {"disabled": True})
    answer = browser.post("/login", {"username": "zoya", "password": DIRECTORY_PASSWORD})
    assert answer.status_code == 401
    assert "отключена" in answer.text
    changes = {"disabled": False, "vouched_issuer": "ldap://another/uid={name}"}
    with writing(centre.engine) as connection:
        accounts.change_account(connection, linked, changes)
    assert _log_in(browser) == 401, "the name was entered for another directory"
