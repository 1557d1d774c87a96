"""The centre among things that stand still: a broker that freezes or never acknowledges, a disk that became read-only."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, select

from central.core import metrics
from central.core.config import CentralConfig
from central.exchange.dispatcher import Dispatcher
from central.link.broker_link import MOST_UNACKNOWLEDGED
from central.link.outgoing import Outgoing
from central.store.engine import reading, writing
from central.store.messages import message
from central.store.outgoing import centre_outbox
from tests.broker import TestCentre
from tests.mute_broker import mute_broker
from tests.waiting import until

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def _queue(centre: TestCentre, count: int) -> list[str]:
    pen = Outgoing.from_config(centre.config)
    with writing(centre.engine) as connection:
        return [pen.queue(connection, "kiosk-1", "reference", "dopusk.reference/1", {"n": n}) for n in range(count)]


def _states(centre: TestCentre, message_ids: list[str]) -> set[str]:
    query = select(centre_outbox.c.state).where(centre_outbox.c.message_id.in_(message_ids))
    with reading(centre.engine) as connection:
        return set(connection.execute(query).scalars())


def test_what_goes_down_survives_a_frozen_broker(centre: TestCentre) -> None:
    terminal = centre.terminal("kiosk-1")
    centre.broker.pause()
    sent = _queue(centre, 20)
    centre.dispatcher.wake()
    assert until(lambda: _states(centre, sent) == {"sent"})
    assert not terminal.wait_for(lambda t: any(e.message_id in sent for _, e in t.received), timeout_s=0.5)
    centre.broker.resume()
    assert until(lambda: _states(centre, sent) == {"acked"})
    got = [envelope.message_id for _, envelope in terminal.received if envelope.message_id in sent]
    assert set(got) == set(sent)


def _with_port(config: CentralConfig, port: int) -> CentralConfig:
    return config.model_copy(update={"mqtt": config.mqtt.model_copy(update={"centre_port": port})})


def test_a_broker_that_never_acknowledges_closes_nothing_and_fills_no_memory(centre: TestCentre) -> None:
    centre.identity("kiosk-1")
    centre.dispatcher.stop()
    sent = _queue(centre, 5)
    with (
        mute_broker(centre.folder, centre.authority) as mute,
        _started(Dispatcher(_with_port(centre.config, mute.port), centre.engine)) as stuck,
    ):
        assert until(lambda: _states(centre, sent) == {"sent"})
        assert until(lambda: mute.taken >= 5)
        taken = [stuck._link.publish("dopusk/1/zarya/kiosk-1/down/command", b"x") for _ in range(MOST_UNACKNOWLEDGED)]
        assert taken.count(False) >= 5
        assert _states(centre, sent) == {"sent"}
    with _started(Dispatcher(centre.config, centre.engine)) as well:
        assert until(lambda: well.ready.is_set())
        terminal = centre.terminal("kiosk-1")
        terminal.say(b'{"state":"online"}')
        assert until(lambda: _states(centre, sent) == {"acked"})


@contextmanager
def _started(dispatcher: Dispatcher) -> Iterator[Dispatcher]:
    dispatcher.start()
    try:
        yield dispatcher
    finally:
        dispatcher.stop()


@contextmanager
def _read_only(engine: Engine) -> Iterator[None]:
    """As a file system that was remounted read-only: every write is refused, reading goes on."""

    def refuse(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA query_only = ON")

    def allow(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA query_only = OFF")

    event.listen(engine, "begin", refuse)
    try:
        yield
    finally:
        event.remove(engine, "begin", refuse)
        event.listen(engine, "begin", allow)


def test_a_read_only_disk_is_said_and_waited_out(
    centre: TestCentre, make_exam: Any, caplog: pytest.LogCaptureFixture
) -> None:
    terminal = centre.terminal("kiosk-1")
    before = metrics.store_retries._value.get()
    with _read_only(centre.engine):
        message_id, _ = terminal.send_exam(make_exam())
        assert until(lambda: metrics.store_retries._value.get() > before)
        assert until(lambda: "readonly" in caplog.text)
        assert message_id not in terminal.receipts
    assert terminal.wait_for_receipts([message_id])
    assert terminal.receipts[message_id].outcome == "accepted"
    with reading(centre.engine) as connection:
        assert list(connection.execute(select(message.c.message_id).where(message.c.kind == "exam")).scalars()) == [
            message_id
        ]
