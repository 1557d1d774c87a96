"""What a terminal says of itself: read, kept, and never trusted further than that."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from central.core.clock import now_utc
from central.exchange.dispatcher import read_status
from central.store import terminals
from central.store.engine import reading, writing
from simulators.fleet_terminal import TerminalIdentity
from sync.contract.envelope import ContractError
from sync.contract.health import DeviceHealth, TerminalStatus

TOPIC = "dopusk/1/zarya/kiosk-1/status"


@pytest.mark.parametrize(
    ("topic", "wire", "code"),
    [
        (TOPIC, b"", "malformed"),
        (TOPIC, b"[]", "malformed"),
        (TOPIC, b'{"state":"sleeping"}', "malformed"),
        (TOPIC, b"[" * 60_000, "malformed"),
        (TOPIC, b'{"state":"online","backlog":NaN}', "malformed"),
        (TOPIC, b'{"state":"online","x":"' + b"y" * 70_000 + b'"}', "oversized"),
        ("dopusk/1/zarya/kiosk-1/up/exam", b'{"state":"online"}', "foreign_topic"),
        ("elsewhere", b'{"state":"online"}', "malformed"),
    ],
)
def test_a_status_that_is_none_is_refused(topic: str, wire: bytes, code: str) -> None:
    with pytest.raises(ContractError) as refused:
        read_status(topic, wire)
    assert refused.value.code == code


def test_a_last_will_changes_the_link_alone(engine: Engine, enrolled: Callable[[str], TerminalIdentity]) -> None:
    enrolled("kiosk-1")
    device = DeviceHealth(device_id="cuff", measures="pressure", state="ready", serial="1")
    online = TerminalStatus(state="online", backlog=3, devices=(device,))
    with writing(engine) as connection:
        terminals.note_status(connection, "kiosk-1", online, now=now_utc())
        repaired = device.model_copy(update={"state": "fault", "reason": "no answer"})
        later = online.model_copy(update={"devices": (repaired,)})
        terminals.note_status(connection, "kiosk-1", later, now=now_utc())
        terminals.note_status(connection, "kiosk-1", TerminalStatus(state="offline"), now=now_utc())
    with reading(engine) as connection:
        row = terminals.get_terminal(connection, "kiosk-1")
        devices = terminals.list_devices(connection, "kiosk-1")
    assert row is not None
    assert (row["link"], row["status"]["backlog"]) == ("offline", 3)
    assert [(one["device_id"], one["state"], one["reason"]) for one in devices] == [("cuff", "fault", "no answer")]
