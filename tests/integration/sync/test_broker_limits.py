"""Brokers with limits: kept, said, and nothing is tried again and again that cannot go through."""

from dataclasses import replace
from itertools import pairwise

import pytest

from sync.broker_limits import BrokerLimits, publish_bytes
from sync.outbox import OVERSIZED
from terminal.store.verify import verify_store
from terminal.store.verify_report import Expected
from tests.integration.sync.conftest import SyncedTerminal
from tests.strict_broker import Limits, StrictBroker, strict_broker
from tests.waiting import until

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

PHOTO = bytes(range(256)) * 1200
"""Two chunks of 175 kB on the wire, and a third one of 60 kB."""


def _exams_at(broker: StrictBroker) -> int:
    return len({content for content in broker.contents if b'"schema":"dopusk.exam/1"' in content})


def _parked(terminal: SyncedTerminal) -> list[tuple[str, str, str]]:
    query = "SELECT kind, receipt_code, receipt_reason FROM outbox WHERE state = 'parked'"
    return [tuple(row) for row in terminal.store.db.execute(query).fetchall()]


def test_a_receive_maximum_is_kept(terminal: SyncedTerminal) -> None:
    for _ in range(40):
        terminal.exam()
    with strict_broker(terminal.folder, terminal.centre.authority, Limits(receive_maximum=10)) as strict:
        terminal.broker = replace(terminal.broker, port=strict.port)
        terminal.start(receipt_patience_s=30.0)
        assert until(lambda: _exams_at(strict) == 40)
        strict.hang_up()
        assert until(lambda: strict.connections == 2 and terminal.is_connected)
        assert until(lambda: terminal.reason == "" or strict.thrown_out)
        terminal.stop()
        assert strict.thrown_out == []
        assert strict.most_unacknowledged <= 10


def test_a_receive_maximum_that_shrinks_is_kept_too(terminal: SyncedTerminal) -> None:
    for _ in range(40):
        terminal.exam()
    with strict_broker(terminal.folder, terminal.centre.authority, Limits()) as strict:
        terminal.broker = replace(terminal.broker, port=strict.port)
        terminal.start(receipt_patience_s=0.5)
        assert until(lambda: _exams_at(strict) == 40)
        strict.limits = Limits(receive_maximum=5)
        thrown_out = len(strict.thrown_out)
        strict.most_unacknowledged = 0
        strict.hang_up()
        seen = len(strict.contents)
        assert until(lambda: len(strict.contents) > seen + 80)  # all of it once more, twice
        terminal.stop()
        # The library may send what it still held before it has heard of the new limit, once.
        assert len(strict.thrown_out) - thrown_out <= 1


def test_what_is_too_large_for_the_broker_is_parked_and_goes_through_another(terminal: SyncedTerminal) -> None:
    """A real Mosquitto with a small packet size; then the same one without."""
    own = terminal.broker
    small, usual = terminal.centre.broker, terminal.centre.broker.folder / "mosquitto.conf"
    text = usual.read_text(encoding="utf-8")
    small.stop()
    usual.write_text(text.replace("max_packet_size 1048576", "max_packet_size 100000"), encoding="utf-8")
    small.start()
    exams = {terminal.exam(photo=PHOTO), terminal.exam()}
    terminal.start()
    assert until(lambda: set(terminal.exams_at_centre()) == exams)
    assert until(lambda: terminal.queued == 0)
    parked = _parked(terminal)
    assert [(kind, code) for kind, code, _ in parked] == [("media", OVERSIZED)] * 2
    assert all("100000" in reason for _, _, reason in parked)
    assert until(lambda: terminal.reports[-1].backlog is not None and terminal.reports[-1].backlog.parked == 2)
    links = [report.connected for report in terminal.reports]
    changes = sum(1 for before, after in pairwise(links) if before != after)
    assert changes <= 2
    checked = verify_store(terminal.store.db, Expected(terminal.store.public_key, media=terminal.store.media))
    assert checked.faults == []
    small.stop()
    usual.write_text(text, encoding="utf-8")
    small.start()
    assert until(lambda: _parked(terminal) == [] and terminal.queued == 0)
    assert terminal.broker is own
    checked = verify_store(terminal.store.db, Expected(terminal.store.public_key, media=terminal.store.media))
    assert checked.faults == []


def test_a_broker_that_retains_nothing_gets_a_status_all_the_same(terminal: SyncedTerminal) -> None:
    terminal.exam()
    with strict_broker(terminal.folder, terminal.centre.authority, Limits(retains=False)) as strict:
        terminal.broker = replace(terminal.broker, port=strict.port)
        terminal.start()
        assert until(lambda: _exams_at(strict) == 1)
        assert until(lambda: terminal.address.status in strict.taken)
        terminal.stop()
        assert strict.retained == []
        assert strict.thrown_out == []


def test_a_broker_of_qos_0_is_refused_aloud(terminal: SyncedTerminal) -> None:
    terminal.exam()
    with strict_broker(terminal.folder, terminal.centre.authority, Limits(maximum_qos=0)) as strict:
        terminal.broker = replace(terminal.broker, port=strict.port)
        terminal.start()
        assert until(lambda: bool(terminal.reports) and terminal.reports[-1].code == "qos_refused")
        assert "QoS" in terminal.reason
        assert not terminal.is_connected
        seen = strict.connections
        assert until(lambda: strict.connections >= seen + 2)
        codes = [report.code for report in terminal.reports]
        assert set(codes[codes.index("qos_refused") :]) == {"qos_refused"}, "the end of a try does not hide why"
        terminal.stop()
        assert strict.contents == []


@pytest.mark.parametrize("payload_bytes", [0, 80, 90, 100, 110, 120, 130, 16_000, 16_350, 16_380, 100_000, 2_097_152])
def test_the_size_of_a_packet_is_counted_as_the_standard_does(payload_bytes: int) -> None:
    topic = "dopusk/1/zarya/kiosk-1/up/media"
    size = publish_bytes(topic, payload_bytes)
    limits = BrokerLimits(packet_bytes=size)
    assert limits.takes(topic, payload_bytes)
    assert not BrokerLimits(packet_bytes=size - 1).takes(topic, payload_bytes)
    most = limits.most_payload_bytes(topic)
    assert most is not None
    assert limits.takes(topic, most)
    assert most <= payload_bytes
    assert payload_bytes - most <= 3
