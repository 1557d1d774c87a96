"""The dispatcher goes on: whatever strangers retain at the broker, with a link or without."""

import threading
from datetime import timedelta
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import Engine

from central.core import metrics
from central.core.clock import now_utc
from central.core.parties import Terminal, Worker
from central.exchange.dispatcher import Dispatcher
from central.link.broker_link import BrokerLink
from central.link.outgoing import Outgoing
from central.people.registry import Registry
from central.store import anomalies, outgoing, terminals
from central.store.engine import reading, writing
from dopusk.lab.broker import free_port
from sync import network_thread
from sync.contract.roster import REFERENCE_SCHEMA
from tests.broker import ORG, TestCentre, write_pair
from tests.central_store import CENTRE_KEY
from tests.waiting import LONGEST_S, until

BEYOND_THE_CALENDAR = b'{"state":"online","help_called_at":"0001-01-01T00:00:00+14:00"}'


class Stranger:
    """A certificate of the centre's authority, and no registered terminal behind it."""

    def __init__(self, centre: TestCentre, name: str) -> None:
        certificate, key = write_pair(centre.folder, f"tls-{name}", centre.authority.issue_terminal(name))
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, name, protocol=mqtt.MQTTv5)
        self.client.tls_set(str(centre.broker.ca_file), str(certificate), str(key))
        self.client.connect(centre.broker.host, centre.broker.port)
        self.client.loop_start()

    def retain(self, topic: str, payload: bytes) -> None:
        sent = self.client.publish(topic, payload, qos=1, retain=True)
        sent.wait_for_publish(LONGEST_S)
        assert sent.is_published()

    def close(self) -> None:
        network_thread.end(self.client)


def _link(centre: TestCentre, name: str) -> str:
    with reading(centre.engine) as connection:
        row = terminals.get_terminal(connection, name)
    assert row is not None
    return str(row["link"])


def _kinds(centre: TestCentre) -> set[tuple[str, str | None]]:
    with reading(centre.engine) as connection:
        return {(row["kind"], row["terminal_id"]) for row in anomalies.newest(connection, 100)}


def _told_to_a_newcomer(centre: TestCentre, *topics: str) -> list[str]:
    """On which topics the broker has kept something. The last one must have something: with it all has been told."""
    told: list[str] = []
    link = BrokerLink(
        centre.config.mqtt,
        f"newcomer-{free_port()}",
        topics,
        on_message=lambda message: told.append(message.topic),
        on_ready=lambda: None,
    )
    link.start()
    try:
        assert until(lambda: topics[-1] in told)
    finally:
        link.stop()
    return told


def test_a_retained_status_that_cannot_be_read_stops_nobody(centre: TestCentre) -> None:
    stranger = Stranger(centre, "stranger-7")
    try:
        stranger.retain(f"dopusk/1/{ORG}/stranger-7/status", BEYOND_THE_CALENDAR)
        assert until(lambda: ("malformed", "stranger-7") in _kinds(centre))
        honest = centre.terminal("kiosk-1")
        honest.say(b'{"state":"online"}')
        assert until(lambda: _link(centre, "kiosk-1") == "online")
        assert honest.wait_for(lambda one: any(kind == "roster" for kind, _ in one.received), LONGEST_S)
        # The broker was made to forget it, so that the next start meets nothing.
        topics = f"dopusk/1/{ORG}/stranger-7/status", honest.identity.address.status
        assert until(lambda: _told_to_a_newcomer(centre, *topics) == [topics[1]])
    finally:
        stranger.close()


def test_figures_of_the_backlog_are_true_without_a_link(centre: TestCentre) -> None:
    silent = centre.terminal("kiosk-1", acknowledges=False)
    assert silent.wait_for(lambda one: bool(one.received), LONGEST_S)
    centre.dispatcher.stop()
    centre.broker.stop()
    metrics.outbox_backlog.set(0)
    metrics.outbox_oldest_s.set(0)
    metrics.broker_connects.clear()
    with writing(centre.engine) as connection:
        centre.registry.send_roster(connection, "kiosk-1", ORG)
    with Dispatcher(centre.config, centre.engine):
        value = metrics.REGISTRY.get_sample_value
        assert until(lambda: value("dopusk_outbox_backlog") == 1.0)
        assert until(lambda: (value("dopusk_outbox_oldest_seconds") or 0) > 0)
        assert value("dopusk_broker_connects", {"part": "dispatcher"}) == 0.0


def test_one_terminal_that_takes_nothing_uses_up_nobodys_turn(
    engine: Engine, registry: Registry, worker: Worker
) -> None:
    queue = Outgoing(CENTRE_KEY, "test")
    with writing(engine) as connection:
        for name in ("kiosk-1", "kiosk-2"):
            registry.add_terminal(connection, Terminal(name, ORG, name, "Проходная"))
        for number in range(30):
            queue.queue(connection, "kiosk-1", "reference", REFERENCE_SCHEMA, {"name": str(number)})
        registry.send_roster(connection, "kiosk-2", ORG)
        rows = outgoing.queued(connection, 1000)
        outgoing.mark_sent(connection, [row.message_id for row in rows], now=now_utc() - timedelta(hours=1))
    with reading(engine) as connection:
        late = outgoing.overdue(connection, now_utc(), 10)
    assert {row.terminal_id for row in late} == {"kiosk-1", "kiosk-2"}
    assert len(late) == 10


def test_a_network_thread_that_has_ended_is_started_again(centre: TestCentre, make_exam: Any) -> None:
    ingest, _ = centre.ingests[0]
    for client in (centre.dispatcher._link.client, ingest._link.client):
        thread = client._thread
        assert thread is not None
        client._thread_terminate = True
        assert until(lambda thread=thread: not thread.is_alive())
    terminal = centre.terminal("kiosk-1")
    terminal.say(b'{"state":"online"}')
    message_id, _ = terminal.send_exam(make_exam())
    assert until(lambda: _link(centre, "kiosk-1") == "online")
    assert terminal.wait_for_receipts([message_id], LONGEST_S)


def test_an_error_over_one_message_does_not_end_the_network_thread(
    centre: TestCentre, make_exam: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest, _ = centre.ingests[0]
    stumbled = threading.Event()
    take = ingest._link._on_message

    def stumble(message: mqtt.MQTTMessage) -> None:
        if not stumbled.is_set():
            stumbled.set()
            raise ArithmeticError("as if by chance")
        take(message)

    monkeypatch.setattr(ingest._link, "_on_message", stumble)
    terminal = centre.terminal("kiosk-1")
    terminal.say(b'{"state":"online"}')
    terminal.send_exam(make_exam())
    assert stumbled.wait(LONGEST_S)
    message_id, _ = terminal.send_exam(make_exam())
    assert terminal.wait_for_receipts([message_id], LONGEST_S)
    assert ingest._link.connects == 1
