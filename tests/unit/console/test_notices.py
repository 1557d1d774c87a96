"""Notices reach whom they are for, whatever stands in the store and whatever other people's servers do; failures are shown."""

import contextlib
import email
import email.policy
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update

from central.core import metrics
from central.core.config import NoticesConfig
from central.core.rights import Role
from central.egress.rules import EgressRules
from central.notifying import notice_sending
from central.notifying.notice_channels import ChannelSecrets, add_channel
from central.notifying.notice_delivery import MAX_ATTEMPTS
from central.notifying.notices import Notifier
from central.store import accounts, alerts, audit, rings, security_alerts
from central.store.engine import reading, writing
from central.store.metadata import metadata
from central.store.notices import channel, notice
from central.store.rings import Ring
from central.store.security_alerts import SecurityAlert
from dopusk.lab.broker import free_port
from dopusk.lab.demo.sample_people import ORG
from sync.contract.canonical import new_id
from tests import outside
from tests.console_centre import Browser, ConsoleCentre, serving
from tests.outside import MailServerOutside, running
from tests.waiting import until

SECRET = "a secret of the webhook"
SECRETS = ChannelSecrets(b"s" * 32)
BAD = [
    ("webhook", "http://127.0.0.1:80b0/hook"),
    ("webhook", "http://[::1"),
    ("webhook", "http://host:abc/"),
    ("webhook", "https://"),
    ("email", "a@"),
    ("email", "a@["),
    ("email", "a@b\x85c"),
    ("email", "a\x0b@b"),
    ("email", "a@b\u2028c"),
    ("email", "@"),
    ("email", "a@b@c"),
    ("email", "a@(b"),
    ("pigeon", "roof"),
]


@pytest.fixture(autouse=True)
def _short_terms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notice_sending, "TIMEOUT_S", 2.0)


def _notifier(centre: ConsoleCentre, config: NoticesConfig | None = None, **more: Any) -> Notifier:
    return Notifier(centre.engine, config or NoticesConfig(), SECRETS, centre.now, **more)


def _channel(centre: ConsoleCentre, address: str, employer: int = 0, **more: Any) -> str:
    with writing(centre.engine) as connection:
        owner = None if "org" in more else centre.people.employers[employer]
        kind = more.pop("kind", "webhook")
        return add_channel(connection, owner, kind, address, SECRET, SECRETS, now=centre.now(), **more)


def _bad_channel(centre: ConsoleCentre, kind: str, address: str, employer_id: str) -> str:
    """As an older program has let it in."""
    channel_id = new_id()
    row = {"channel_id": channel_id, "employer_id": employer_id, "kind": kind, "address": address, "disabled": False}
    with writing(centre.engine) as connection:
        connection.execute(insert(channel).values(**row, secret_sealed=SECRETS.seal(SECRET), created_at=centre.now()))
    return channel_id


def _alert(centre: ConsoleCentre, employer: int | str = 0, **more: Any) -> str:
    employer_id = centre.people.employers[employer] if isinstance(employer, int) else employer
    values = {"kind": "intoxication", "org": ORG, "exam_id": new_id(), "decision_id": "d", "at": centre.now()}
    with writing(centre.engine) as connection:
        return alerts.add(connection, employer_id=employer_id, **(values | more))


def _security(centre: ConsoleCentre, org: str, **more: Any) -> None:
    item = SecurityAlert(new_id(), org, "card_reads", new_id(), 412, new_id(), more.get("at", centre.now()), None)
    with writing(centre.engine) as connection:
        security_alerts.add(connection, item)


def _rows(centre: ConsoleCentre) -> dict[str, Any]:
    with reading(centre.engine) as connection:
        return {row.channel_id: row for row in connection.execute(select(notice))}


def test_addresses_that_no_library_can_read_stop_no_other_notice(centre: ConsoleCentre) -> None:
    with running(outside.take) as good:
        bad_ids = [_bad_channel(centre, kind, address, centre.people.employers[0]) for kind, address in BAD]
        good_id = _channel(centre, good.url)
        _alert(centre)
        server = NoticesConfig(smtp_host="127.0.0.1", smtp_port=free_port(), smtp_starttls=False)
        assert _notifier(centre, server).step() == 1
    rows = _rows(centre)
    assert (rows[good_id].state, len(good.taken)) == ("delivered", 1)
    assert {(rows[bad_id].state, rows[bad_id].attempts) for bad_id in bad_ids} == {("queued", 1)}
    assert all(rows[bad_id].last_error for bad_id in bad_ids)


POISON = [
    "UPDATE notice SET body = '{}' WHERE channel_id = :bad",
    "UPDATE notice SET body = 'no json' WHERE channel_id = :bad",
    "UPDATE notice SET body = '[1]' WHERE channel_id = :bad",
    "UPDATE notice SET created_at = 'yesterday' WHERE channel_id = :bad",
    "UPDATE notice SET delivered_at = 'yesterday' WHERE channel_id = :bad",
    "UPDATE notice_channel SET created_at = 'yesterday' WHERE channel_id = :bad",
    "UPDATE notice_channel SET secret_sealed = x'00' WHERE channel_id = :bad",
    "UPDATE notice_channel SET secret_sealed = NULL WHERE channel_id = :bad",
    "UPDATE notice_channel SET address = x'ff' WHERE channel_id = :bad",
    "DELETE FROM notice_channel WHERE channel_id = :bad",
]


@pytest.mark.parametrize("statement", POISON)
def test_a_notice_or_channel_that_cannot_even_be_read_stops_no_other(centre: ConsoleCentre, statement: str) -> None:
    with running(outside.take) as good, running(outside.take) as other:
        by_mail = "body" in statement
        bad_id = _channel(centre, "a@b.example" if by_mail else other.url, kind="email" if by_mail else "webhook")
        good_id = _channel(centre, good.url)
        _alert(centre)
        notifier = _notifier(centre, NoticesConfig(smtp_host="127.0.0.1", smtp_port=free_port(), smtp_starttls=False))
        notifier._make()
        with writing(centre.engine) as connection:
            connection.execute(text(statement), {"bad": bad_id})
        notifier.step()
        with reading(centre.engine) as connection:
            query = select(notice.c.channel_id, notice.c.state, notice.c.attempts, notice.c.last_error)
            rows = {row.channel_id: row for row in connection.execute(query)}
    assert (rows[good_id].state, len(good.taken)) == ("delivered", 1)
    assert rows[bad_id].attempts == 1
    assert rows[bad_id].last_error


@pytest.mark.parametrize("table", ["alert", "security_alert"])
def test_an_alert_that_cannot_be_read_stops_no_other(centre: ConsoleCentre, table: str) -> None:
    with running(outside.take) as good:
        _channel(centre, good.url)
        _channel(centre, good.url, org=ORG)
        _alert(centre, at=centre.now() - timedelta(minutes=5))
        _security(centre, ORG, at=centre.now() - timedelta(minutes=5))
        with writing(centre.engine) as connection:
            names = [column.name for column in metadata.tables[table].columns]
            values = {"alert_id": "'poison'", "created_at": "'zzz'", "last_audit_id": "'poison'"}
            wanted = ", ".join(values.get(name, name) for name in names)
            statement = f"INSERT INTO {table} ({', '.join(names)}) SELECT {wanted} FROM {table}"  # noqa: S608
            connection.execute(text(statement))
        _alert(centre)
        _security(centre, ORG)
        notifier = _notifier(centre)
        assert notifier.step() == 4
        assert notifier.step() == 0


@pytest.mark.parametrize(
    "behave",
    [outside.drip_head, outside.be_silent, outside.flood_body, outside.flood_head],
    ids=lambda value: value.__name__,
)
def test_a_slow_server_of_one_employer_holds_no_other(centre: ConsoleCentre, behave: Any) -> None:
    with running(behave) as slow, running(outside.take) as good, serving(centre.app(), free_port()):
        secrets_of = _own_secrets(centre)
        with writing(centre.engine) as connection:
            for _ in range(5):
                add_channel(connection, centre.people.employers[0], "webhook", slow.url, SECRET, secrets_of)
            add_channel(connection, centre.people.employers[1], "webhook", good.url, SECRET, secrets_of)
        for _ in range(10):
            _alert(centre, 0)
        _alert(centre, 1)
        assert good.arrived.wait(15), "a good channel beside slow ones is served at once"
        assert until(lambda: slow.asked >= 1)


def test_a_receiver_that_has_answered_is_not_asked_again(centre: ConsoleCentre) -> None:
    with running(outside.drip_body) as slow:
        _channel(centre, slow.url)
        _alert(centre)
        begun_s = time.monotonic()
        assert _notifier(centre).step() == 1, "200 was seen: taken, whatever the body does"
        assert time.monotonic() - begun_s < 60
        assert len(slow.taken) == 1


def test_alerts_that_nobody_takes_stop_no_others(centre: ConsoleCentre) -> None:
    """More of them than are looked at in one go: without a channel, told in vain, and given up."""
    long_ago = centre.now() - timedelta(days=2)
    for number in range(130):
        _alert(centre, "employer without a channel", at=long_ago + timedelta(seconds=number))
        _security(centre, "org without a channel", at=long_ago + timedelta(seconds=number))
    with running(outside.take) as good, running(outside.take) as watcher:
        _channel(centre, good.url)
        _channel(centre, watcher.url, org=ORG)
        _alert(centre)
        _security(centre, ORG)
        assert _notifier(centre).step() == 2
    assert (len(good.taken), len(watcher.taken)) == (1, 1)


def test_alerts_told_in_vain_stop_no_others(centre: ConsoleCentre) -> None:
    bad_id = _bad_channel(centre, "webhook", "https://", centre.people.employers[0])
    for _ in range(130):
        _alert(centre, 0)
    notifier = _notifier(centre)
    notifier.step()
    with writing(centre.engine) as connection:
        connection.execute(update(notice).where(notice.c.channel_id == bad_id).values(state="failed"))
    with running(outside.take) as good:
        _channel(centre, good.url, employer=1)
        _alert(centre, 1)
        assert notifier.step() == 1
    assert len(good.taken) == 1


def test_a_new_channel_does_not_get_the_old_alerts(centre: ConsoleCentre) -> None:
    for days in (28, 7, 1):
        _alert(centre, at=centre.now() - timedelta(days=days))
        _security(centre, ORG, at=centre.now() - timedelta(days=days))
    with running(outside.take) as good:
        _channel(centre, good.url)
        _channel(centre, good.url, org=ORG)
        notifier = _notifier(centre)
        assert notifier.step() == 0
        assert not good.taken
        _alert(centre)
        _security(centre, ORG)
        assert notifier.step() == 2


def test_a_weekend_of_a_dead_server_loses_no_alert(centre: ConsoleCentre) -> None:
    with running(outside.take) as good:
        channel_id = _channel(centre, good.url.replace(f":{good.port}/", f":{free_port()}/"))
        for _ in range(3):
            _alert(centre)
        notifier = _notifier(centre)
        for _ in range(70):
            notifier.step()
            centre.shift += timedelta(hours=1)
        assert {row.state for row in _rows(centre).values()} == {"queued"}
        assert MAX_ATTEMPTS > 100
        with writing(centre.engine) as connection:
            connection.execute(update(channel).where(channel.c.channel_id == channel_id).values(address=good.url))
        centre.shift += timedelta(hours=1)
        assert notifier.step() == 3, "the channel works again: what waits for it goes at once"


def test_a_notice_does_not_rest_longer_because_the_clock_was_moved_back(centre: ConsoleCentre) -> None:
    with running(outside.take) as good:
        channel_id = _channel(centre, good.url.replace(f":{good.port}/", f":{free_port()}/"))
        _alert(centre)
        notifier = _notifier(centre)
        notifier.step()
        with writing(centre.engine) as connection:
            connection.execute(update(channel).where(channel.c.channel_id == channel_id).values(address=good.url))
        centre.shift = -timedelta(days=300)
        assert notifier.step() == 1


def test_alerts_of_an_account_without_organisation_reach_every_watcher(centre: ConsoleCentre) -> None:
    centre.add_account("first", Role.ADMINISTRATOR, orgs=())
    with serving(centre.app(), free_port()) as address, contextlib.closing(Browser(address)) as browser:
        for _ in range(5):
            browser.post("/login", {"username": "first", "password": "wrong"})
    with running(outside.take) as one, running(outside.take) as two:
        _channel(centre, one.url, org=ORG)
        _channel(centre, two.url, org="another")
        _channel(centre, two.url)
        assert _notifier(centre).step() == 2
    for server in (one, two):
        [body] = server.taken
        assert json.loads(body)["kind"] == "account_locked"
        assert json.loads(body)["org"] == ""


@pytest.fixture
def admin(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    centre.add_account("admin", Role.ADMINISTRATOR)
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("admin", unlock=False)


def test_a_wrong_address_is_refused_at_its_field(centre: ConsoleCentre, admin: Browser) -> None:
    for kind, typed in [*BAD[:-1], ("webhook", "https://u:p@example.org/"), ("email", "имя@b.ru")]:
        for owner in ({"org": ORG}, {"employer_id": centre.people.employers[0]}):
            fields = owner | {"kind": kind, "address": typed, "secret": SECRET}
            answer = admin.post("/accounts/channels", fields, page="/accounts")
            assert answer.status_code == 422, typed
            assert 'id="fault-channel_address"' in answer.text, typed
    assert not _channels(centre)


def _channels(centre: ConsoleCentre) -> list[str]:
    with reading(centre.engine) as connection:
        return list(connection.execute(select(channel.c.channel_id)).scalars())


def test_the_console_opens_no_closed_network_and_the_operator_does(centre: ConsoleCentre) -> None:
    closed = centre.config.model_copy(update={"outgoing": type(centre.config.outgoing)()})
    fields = {"employer_id": centre.people.employers[0], "kind": "webhook", "secret": SECRET}
    centre.add_account("admin", Role.ADMINISTRATOR)
    with running(outside.take) as server:
        open_config, centre.config = centre.config, closed
        with serving(centre.app(), free_port()) as address, contextlib.closing(Browser(address)) as browser:
            browser.log_in("admin", unlock=False)
            for typed in (server.url, server.url.replace("http:", "https:"), "https://localhost/", "https://10.1.2.3/"):
                answer = browser.post("/accounts/channels", fields | {"address": typed}, page="/accounts")
                assert answer.status_code == 422
                assert "outgoing." in answer.text
            # An older program has let it in: it is not asked either, and nothing tells whether somebody listens there.
            _bad_channel(centre, "webhook", server.url, centre.people.employers[0])
            _alert(centre)
            assert until(lambda: any(row.attempts for row in _rows(centre).values()))
        assert server.asked == 0
        assert [row.last_error.split(":")[0] for row in _rows(centre).values()] == ["wrong_address"]
        centre.config = open_config
        with serving(centre.app(), free_port()) as address, contextlib.closing(Browser(address)) as browser:
            browser.log_in("admin", unlock=False)
            answer = browser.post("/accounts/channels", fields | {"address": server.url}, page="/accounts")
            assert answer.status_code == 303
            _alert(centre)
            assert server.arrived.wait(30)


def test_open_and_closed_doors_of_a_closed_network_look_alike(centre: ConsoleCentre) -> None:
    rules = EgressRules(plain_http=True)
    with running(outside.take) as server:
        one = _bad_channel(centre, "webhook", server.url, centre.people.employers[0])
        two = _bad_channel(centre, "webhook", f"http://127.0.0.1:{free_port()}/hook", centre.people.employers[0])
        _alert(centre)
        _notifier(centre, rules=rules).step()
    rows = _rows(centre)
    assert rows[one].last_error == rows[two].last_error


def _own_secrets(centre: ConsoleCentre) -> ChannelSecrets:
    """Those of the running console."""
    return ChannelSecrets(centre.config.keys.session_secret_file.read_bytes())


def test_failures_stand_on_the_page_and_are_tried_again_from_there(centre: ConsoleCentre, admin: Browser) -> None:
    with running(outside.take) as good:
        dead = good.url.replace(f":{good.port}/", f":{free_port()}/")
        with writing(centre.engine) as connection:
            channel_id = add_channel(
                connection, centre.people.employers[0], "webhook", dead, SECRET, _own_secrets(centre)
            )
        _alert(centre)
        assert until(lambda: "не доходят" in admin.get("/accounts").text)
        page = admin.get("/accounts").text
        assert "нет связи с сервером" in page
        assert "ждёт отправки: 1" in page
        with writing(centre.engine) as connection:
            connection.execute(update(notice).values(state="failed"))
            connection.execute(update(channel).values(address=good.url))
        assert "не доставлено за неделю: 1" in admin.get("/accounts").text
        _notifier(centre)._measure()
        assert metrics.notices_failed._value.get() == 1
        assert admin.post(f"/accounts/channels/{channel_id}/again", {}, page="/accounts").status_code == 303
        assert good.arrived.wait(30)
        assert until(lambda: "оповещения доходят" in admin.get("/accounts").text)
        _notifier(centre)._measure()
        assert metrics.notices_failed._value.get() == 0


def test_the_removed_channel_gets_the_last_word_and_the_others_are_told(centre: ConsoleCentre, admin: Browser) -> None:
    with running(outside.take) as removed, running(outside.take) as other:
        secrets_of = _own_secrets(centre)
        with writing(centre.engine) as connection:
            going = add_channel(connection, None, "webhook", removed.url, SECRET, secrets_of, org=ORG)
            add_channel(connection, None, "webhook", other.url, SECRET, secrets_of, org=ORG)
        assert admin.post(f"/accounts/channels/{going}/remove", {}, page="/accounts").status_code == 303
        assert removed.arrived.wait(30)
        centre.shift += timedelta(minutes=1)
        # At night the change of accounts is told as well, and may come first.
        assert until(lambda: "channel_removed" in {json.loads(body)["kind"] for body in other.taken})
    assert json.loads(removed.taken[0])["kind"] == "channel_removed"
    _security(centre, ORG)
    assert not [row for row in _rows(centre).values() if row.channel_id == going and row.state == "queued"]


def test_an_employers_removed_channel_gets_the_last_word_too(centre: ConsoleCentre) -> None:
    theirs = MailServerOutside()
    centre.add_account("admin", Role.ADMINISTRATOR)
    channel_id = _channel(centre, "boss@пример.рф", kind="email")
    with running(theirs) as server:
        mail = NoticesConfig(smtp_host="127.0.0.1", smtp_port=server.port, smtp_starttls=False)
        centre.config = centre.config.model_copy(update={"notices": mail})
        with serving(centre.app(), free_port()) as address, contextlib.closing(Browser(address)) as browser:
            browser.log_in("admin", unlock=False)
            assert browser.post(f"/accounts/channels/{channel_id}/remove", {}, page="/accounts").status_code == 303
            assert until(lambda: bool(theirs.taken))
    letter = email.message_from_string(theirs.taken[0], policy=email.policy.default)
    assert "больше не приходят" in letter.get_content()
    assert letter["To"] == "boss@xn--e1afmkfd.xn--p1ai"
    assert "xn--e1afmkfd.xn--p1ai" in theirs.envelope[0]
    assert len(letter.get_all("Date") or []) == 1
    assert email.utils.parsedate_to_datetime(letter["Date"]).tzinfo is not None


def test_a_line_of_the_access_log_that_cannot_be_read_blinds_nobody(centre: ConsoleCentre) -> None:
    at = centre.now()
    with writing(centre.engine) as connection:
        audit.write(connection, at=at, account_id=None, address="command line", action="account.locked", org=ORG)
        connection.execute(
            text(
                "INSERT INTO audit (audit_id, at, address, action, subject, org, detail)"
                " SELECT 'poison', at, address, 'journal.export', subject, org, 'no json' FROM audit"
            )
        )
    with running(outside.take) as watcher:
        _channel(centre, watcher.url, org=ORG)
        assert _notifier(centre).step() == 1
    assert json.loads(watcher.taken[0])["kind"] == "account_locked"


def test_a_gateway_of_messengers_is_told_that_something_is_new_and_nothing_else(
    centre: ConsoleCentre, address: str, browser: Browser
) -> None:
    link = "https://dopusk.example/"
    opened = NoticesConfig(gateway_link=link)
    with pytest.raises(ValueError, match="kind"):
        _channel(centre, "https://gate.example/send", kind="gateway")
    with running(outside.take) as gate:
        own = _channel(centre, gate.url, kind="gateway", is_gateway_open=True)
        security = _channel(centre, gate.url, kind="gateway", org=ORG, is_gateway_open=True)
        _alert(centre)
        _security(centre, ORG)
        assert _notifier(centre).step() == 0, "off as shipped, also where an older configuration let the channel in"
        assert {row.last_error.split(":")[0] for row in _rows(centre).values()} == {"gateway_off"}
        assert gate.taken == []
        centre.shift += timedelta(hours=2)
        assert _notifier(centre, opened).step() == 2
        assert {_rows(centre)[one].state for one in (own, security)} == {"delivered"}
        bodies = {request for request in gate.taken}
    said = {"schema": "dopusk.neutral-notice/1", "text": "Есть новое. Подробности – после входа.", "link": link}
    assert [json.loads(body) for body in bodies] == [said], "the same bytes, whatever it is about"
    centre.add_account("admin", Role.ADMINISTRATOR)
    page = browser.log_in("admin", unlock=False).get("/accounts").text
    assert 'value="webhook"' in page
    assert 'value="gateway"' not in page
    form = {"org": ORG, "kind": "gateway", "address": "https://gate.example/", "secret": SECRET}
    assert browser.post("/accounts/channels", form, page="/accounts").status_code == 422


def test_a_medic_on_duty_is_called_elsewhere_too_until_the_ring_stops(
    centre: ConsoleCentre, address: str, browser: Browser
) -> None:
    with reading(centre.engine) as connection:
        zoya = accounts.by_username(connection, "zoya")
    assert zoya is not None
    centre.add_account("admin", Role.ADMINISTRATOR)
    admin = browser.log_in("admin", unlock=False)
    now = centre.now()
    rung = Ring(new_id(), ORG, new_id(), new_id(), zoya.account_id, 1, True, now, None, "")
    late = Ring(new_id(), ORG, new_id(), new_id(), zoya.account_id, 1, True, now, None, "")
    with running(outside.take) as hook:
        form = {"kind": "email", "address": "zoya@medpunkt.example", "secret": ""}
        assert admin.post("/accounts/channels", form | {"account_id": new_id()}, page="/accounts").status_code == 404
        assert (
            admin.post("/accounts/channels", form | {"account_id": zoya.account_id}, page="/accounts").status_code
            == 303
        )
        assert "zoya@medpunkt.example" in admin.get("/accounts").text
        with writing(centre.engine) as connection:
            add_channel(connection, None, "webhook", hook.url, SECRET, SECRETS, account_id=zoya.account_id, now=now)
            rings.begin(connection, rung)
        assert _notifier(centre).step() == 1
        assert _notifier(centre).step() == 0, "each ring once"
        (body,) = [json.loads(request) for request in hook.taken]
        with writing(centre.engine) as connection:
            rings.begin(connection, late)
            rings.stop(connection, late.ring_id, "opened", now)
            rings.stop(connection, rung.ring_id, "opened", now)
        assert _notifier(centre).step() == 0, "nobody is called when somebody is there"
    assert (body["schema"], body["kind"], body["alert_id"]) == ("dopusk.duty-notice/1", "ring", rung.ring_id)
    assert set(body) == {"schema", "kind", "alert_id", "org", "at"}
    assert {row.state for row in _rows(centre).values()} == {"delivered", "failed"}, (
        "the letter that no server took is given up"
    )
    subject, words = notice_sending.letter(body)
    assert "вас вызывают" in subject
    assert "Откройте очередь" in words
