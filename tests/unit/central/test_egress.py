"""The way out: which addresses are taken, where a name may lead, and that nobody outside holds us or fills our memory."""

import socket
import ssl
import time
import tracemalloc
from collections.abc import Callable
from email.message import EmailMessage
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest

from central.authority.pki import create_authority
from central.core.config import NoticesConfig
from central.egress import web
from central.egress.connecting import Unreached
from central.egress.mail import MailRefused, MailServer, send_mail
from central.egress.rules import OPERATORS_OWN, AddressRefused, EgressRules, is_public, mailbox, web_address
from central.egress.web import post
from tests import outside
from tests.outside import MailServerOutside, Outside, running

STRICT = EgressRules()
LOOPBACK = EgressRules((ip_network("127.0.0.0/8"), ip_network("::1/128")), plain_http=True)
TERM_S = 1.0
HANGS_S = 30.0
"""Far beyond the term: whoever waits for the other side waits for much longer."""


@pytest.mark.parametrize(
    "typed",
    [
        "http://[::1",
        "http://host:abc/",
        "http://127.0.0.1:80b0/hook",
        "https://",
        "https:///path",
        "https://:443/",
        "https://host:0/",
        "https://host:99999/",
        "https://user:pw@example.org/",
        "https://user@example.org/",
        "https://@example.org/",
        "https://exa mple.org/",
        "https://example.org/\n",
        "https://example.org/\u2028x",
        "https://\ud800.org/",
        "https://-a.org/",
        "https://a..org/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://0/",
        "ftp://example.org/",
        "file:///etc/passwd",
        "example.org",
        "",
        "https://" + "a" * 600,
    ],
)
@pytest.mark.parametrize("rules", [STRICT, LOOPBACK, OPERATORS_OWN])
def test_what_is_no_address_is_refused_whatever_is_open(typed: str, rules: EgressRules) -> None:
    with pytest.raises(AddressRefused):
        web_address(typed, rules)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "a.localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fe80::1%25eth0]",
        "[fc00::1]",
        "[::]",
        "0.0.0.0",  # noqa: S104
        "10.0.0.1",
        "172.16.5.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "192.0.2.1",
        "198.18.0.1",
        "240.0.0.1",
    ],
)
def test_private_local_and_special_networks_are_closed_unless_they_are_named(host: str) -> None:
    with pytest.raises(AddressRefused) as refused:
        web_address(f"https://{host}/hook", STRICT)
    assert refused.value.code in {"network", "address"}
    if host in {"127.0.0.1", "[::1]", "localhost", "[::ffff:127.0.0.1]"}:
        assert web_address(f"https://{host}/hook", LOOPBACK).scheme == "https"


@pytest.mark.parametrize("host", ["8.8.8.8", "[2606:4700::1111]", "example.org", "пример.рф", "exa_mple.org", "x"])
def test_public_addresses_and_names_are_open_and_clear_text_is_not(host: str) -> None:
    assert web_address(f"https://{host}:8443/a?b=c", STRICT).port == 8443
    with pytest.raises(AddressRefused) as refused:
        web_address(f"http://{host}/", STRICT)
    assert refused.value.code == "plain_http"


def test_an_address_inside_another_is_judged_by_what_it_leads_to() -> None:
    assert is_public(ip_address("::ffff:8.8.8.8"))
    assert not is_public(ip_address("::ffff:10.1.2.3"))
    assert EgressRules((ip_network("10.1.0.0/16"),)).allows(ip_address("::ffff:10.1.2.3"))


@pytest.mark.parametrize(
    "typed",
    [
        *("", "@", "a@", "a@[", "a@b@c", "a@(b", "a@b\x85c", "a\x0b@b", "a@b\u2028", "\ud800@b", "a@b\ud800", "nobody"),
        *(
            "a@b.ru\r\nBcc: c@d.ru",
            "имя@пример.рф",
            "a b@c.ru",
            "a,b@c.ru",
            "a..b@c.ru",
            "a@-b.ru",
            "a@b.",
            '"a b"@c.ru',
        ),
        *("Name <a@b.ru>", "a@" + "b" * 300, "a" * 70 + "@b.ru", "a@127.0.0.1\x00"),
    ],
)
def test_what_is_no_mailbox_is_refused(typed: str) -> None:
    with pytest.raises(AddressRefused):
        mailbox(typed)


def test_a_cyrillic_domain_travels_in_its_ascii_form() -> None:
    assert mailbox("disp@пример.рф") == "disp@xn--e1afmkfd.xn--p1ai"
    assert mailbox("a.b+c@x-y.example") == "a.b+c@x-y.example"


def _leads_to(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """The name service answers these, one after the other, and the last one for ever."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if not str(name).endswith(".example"):
            return real(host, port, *args, **options)
        asked.append(str(name))
        return real(answers[min(len(asked), len(answers)) - 1], port, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def test_a_name_that_leads_into_a_closed_network_is_not_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    _leads_to(monkeypatch, "127.0.0.1")
    rules = EgressRules(plain_http=True)
    with running(outside.take) as server:
        with pytest.raises(Unreached) as refused:
            post(web_address(f"http://rebind.example:{server.port}/", rules), b"{}", {}, rules)
        assert refused.value.code == "network"
        assert server.asked == 0


def test_a_name_is_resolved_once_and_that_very_address_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _leads_to(monkeypatch, "127.0.0.1", "127.0.0.2")
    with running(outside.take) as server:
        answer = post(web_address(f"http://rebind.example:{server.port}/", LOOPBACK), b"{}", {}, LOOPBACK)
    assert (answer.status, asked) == (200, ["rebind.example"])


@pytest.mark.parametrize(
    ("behave", "code"),
    [
        (outside.drip_head, "no_answer"),
        (outside.be_silent, "no_answer"),
        (outside.flood_head, "unreadable"),
        (outside.drip_body, None),
        (outside.flood_body, None),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_whatever_a_web_server_does_it_holds_us_for_one_term_and_fills_no_memory(
    behave: Callable[[Outside, socket.socket], None], code: str | None
) -> None:
    with running(behave) as server:
        tracemalloc.start()
        begun_s = time.monotonic()
        try:
            address = web_address(server.url, LOOPBACK)
            if code is None:
                assert post(address, b"{}", {}, LOOPBACK, term_s=HANGS_S / 2).is_success
            else:
                with pytest.raises(Unreached) as ended:
                    # What ends by its size and not by the term may take a busy machine longer than the term.
                    post(address, b"{}", {}, LOOPBACK, term_s=TERM_S if code == "no_answer" else HANGS_S / 2)
                assert ended.value.code == code
            assert time.monotonic() - begun_s < HANGS_S
            assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
        finally:
            tracemalloc.stop()


def test_an_answer_that_is_wanted_is_bounded_too() -> None:
    with running(outside.flood_body) as server, pytest.raises(Unreached) as ended:
        post(web_address(server.url, LOOPBACK), b"{}", {}, LOOPBACK, term_s=HANGS_S, max_bytes=100_000)
    assert ended.value.code == "unreadable"


def test_a_silent_name_server_holds_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    with running(outside.be_silent) as server:
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: server.release.wait(HANGS_S) or [])
        begun_s = time.monotonic()
        with pytest.raises(Unreached) as ended:
            post(web_address("https://slow.example/", STRICT), b"{}", {}, STRICT, term_s=TERM_S)
        assert ended.value.code in {"no_answer", "not_reached"}
        assert time.monotonic() - begun_s < HANGS_S / 2
        server.release.set()


def _letter() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@b.example", "c@d.example", "Допуск"
    message.set_content("текст")
    return message


@pytest.mark.parametrize(
    "behave",
    [outside.greet_slowly, outside.be_silent, outside.greet_without_end],
    ids=lambda value: value.__name__,
)
def test_whatever_a_mail_server_does_it_holds_us_for_one_term_and_fills_no_memory(
    behave: Callable[[Outside, socket.socket], None],
) -> None:
    with running(behave) as server:
        tracemalloc.start()
        begun_s = time.monotonic()
        try:
            with pytest.raises(Unreached) as ended:
                send_mail(
                    MailServer("127.0.0.1", server.port, "none"), _letter(), "a@b.example", "c@d.example", term_s=TERM_S
                )
            assert ended.value.code in {"no_answer", "unreadable", "not_reached"}
            assert time.monotonic() - begun_s < HANGS_S
            assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
        finally:
            tracemalloc.stop()


@pytest.fixture
def certified(tmp_path: Path) -> tuple[ssl.SSLContext, Path]:
    """What a mail server on the loopback shows, and the authority that it leads to."""
    authority = create_authority(tmp_path / "authority")
    issued = authority.issue_server(["localhost"])
    (tmp_path / "mail.pem").write_bytes(issued.certificate_pem + (issued.key_pem or b""))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "mail.pem")
    ca_file = tmp_path / "mail-ca.pem"
    ca_file.write_bytes(authority.ca_pem)
    return context, ca_file


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_mail_over_tls_with_a_login(certified: tuple[ssl.SSLContext, Path], tls: Any) -> None:
    context, ca_file = certified
    theirs = MailServerOutside(tls, context, ("dopusk", "secret"))
    with running(theirs) as server:
        ours = MailServer("localhost", server.port, tls, ca_file, "dopusk", "secret")
        send_mail(ours, _letter(), "a@b.example", "c@d.example")
        assert len(theirs.taken) == 1
        wrong = MailServer("localhost", server.port, tls, ca_file, "dopusk", "other")
        with pytest.raises(MailRefused) as refused:
            send_mail(wrong, _letter(), "a@b.example", "c@d.example")
        assert refused.value.code == 535
        unknown = MailServer("localhost", server.port, tls, None, "dopusk", "secret")
        with pytest.raises(Unreached) as untrusted:
            send_mail(unknown, _letter(), "a@b.example", "c@d.example")
        assert untrusted.value.code == "untrusted"
        foreign = MailServer("127.0.0.1", server.port, tls, ca_file, "dopusk", "secret")
        with pytest.raises(Unreached):
            send_mail(foreign, _letter(), "a@b.example", "c@d.example")
    assert len(theirs.taken) == 1
    assert len(theirs.logged_in) == 2, "a password goes to nobody whose certificate is not believed"


def test_a_password_never_travels_in_clear(tmp_path: Path) -> None:
    file = tmp_path / "password"
    with pytest.raises(ValueError, match="in clear"):
        NoticesConfig(smtp_host="x", smtp_tls="none", smtp_user="u", smtp_password_file=file)
    with pytest.raises(ValueError, match="together"):
        NoticesConfig(smtp_host="x", smtp_user="u")
    with pytest.raises(ValueError, match="@"):
        NoticesConfig(sender="dopusk")
    assert NoticesConfig(smtp_starttls=False).tls == "none"
    assert NoticesConfig().tls == "starttls"
    with running(MailServerOutside("none", None, ("u", "p"))) as server, pytest.raises(Unreached):
        send_mail(
            MailServer("127.0.0.1", server.port, "starttls", None, "u", "p"), _letter(), "a@b.example", "c@d.example"
        )


def test_a_web_servers_certificate_is_checked(
    certified: tuple[ssl.SSLContext, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    context, ca_file = certified

    def take(theirs: Outside, line: socket.socket) -> None:
        with context.wrap_socket(line, server_side=True) as secure:
            outside.take(theirs, secure)

    with running(take) as server:
        address = web_address(f"https://localhost:{server.port}/", LOOPBACK)
        with pytest.raises(Unreached) as untrusted:
            post(address, b"{}", {}, LOOPBACK)
        assert untrusted.value.code == "untrusted"
        monkeypatch.setattr(web, "_trusted", lambda: ssl.create_default_context(cafile=ca_file))
        assert post(address, b"{}", {}, LOOPBACK).is_success
