"""Waits on a line do not care when somebody sets the clock, and no order waits for a thread that hangs."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from drivers import park as park_module
from drivers.config import DeviceConfig
from drivers.errors import FrameError, NoResponse, Unavailable
from drivers.messages import DeviceMessage, MeasurementFailed, MeasurementTaken
from drivers.model import DeviceState, Measures
from drivers.park import LinePark, open_park
from drivers.registry import attach
from drivers.spec import LineSettings
from drivers.transport.modbus_bus import ModbusBus
from drivers.worker import Opened
from tests.integration.devices.modbus_peer import Peer, Request, Said, pty_peer, tcp_peer
from tests.waiting import LONGEST_S, until

STEPS_S = (-3600.0, -1.0, 3600.0)
_REAL_TIME = time.time


@contextmanager
def clock_stepped(monkeypatch: pytest.MonkeyPatch, step_s: float, after_s: float = 0.1) -> Iterator[None]:
    """The wall clock of this process jumps so far, so long from now; the monotonic one goes on."""
    at_s = time.monotonic() + after_s
    monkeypatch.setattr(time, "time", lambda: _REAL_TIME() + (step_s if time.monotonic() >= at_s else 0.0))
    try:
        yield
    finally:
        monkeypatch.setattr(time, "time", _REAL_TIME)


@contextmanager
def peer_on(kind: str, folder: Path, said: bytes) -> Iterator[Peer]:
    def answer(request: Request) -> Said:
        return [(0.0, said)]

    with pty_peer(folder, answer) if kind == "pty" else tcp_peer(answer, rtu=kind != "tcp") as peer:
        yield peer


@pytest.mark.parametrize("said", [b"", b"\x01\x03\x02"], ids=["silent", "half answered"])
@pytest.mark.parametrize("kind", ["pty", "tcp", "rtu over tcp"])
@pytest.mark.parametrize("step_s", STEPS_S)
def test_a_question_ends_in_its_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, step_s: float, kind: str, said: bytes
) -> None:
    with peer_on(kind, tmp_path, said) as peer:
        bus = ModbusBus(peer.port, LineSettings())
        ended = threading.Event()
        ends: list[tuple[float, type[Exception]]] = []

        def ask() -> None:
            began_s = time.monotonic()
            try:
                bus.read_registers(1, 0x20, 1, timeout_s=0.3)
            except (NoResponse, FrameError) as error:
                ends.append((time.monotonic() - began_s, type(error)))
            ended.set()

        with clock_stepped(monkeypatch, step_s):
            threading.Thread(target=ask, daemon=True).start()
            assert ended.wait(20.0), "still waiting"
        bus.close()
        (took_s, kind_of_error) = ends[0]
        assert kind_of_error is (FrameError if said else NoResponse)
        assert 0.25 <= took_s < 5.0


def calex(port: str, name: str = "thermometer") -> DeviceConfig:
    return DeviceConfig(id=name, driver="calex_pyrominibus", measures=Measures.TEMPERATURE, port=port)


def test_each_order_ends_once_and_the_park_closes_while_the_clock_is_set_back(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    speaks = threading.Event()
    speaks.set()

    def answer(request: Request) -> Said:
        words = [17, 1, 1, 57920] if request.address == 0 else [365, 360, 367, 366, 366, 281, 0]
        return [(0.0, request.registers(*words[: request.count]))] if speaks.is_set() else []

    ends: list[DeviceMessage] = []

    def post(message: DeviceMessage) -> None:
        if isinstance(message, MeasurementTaken | MeasurementFailed):
            ends.append(message)

    with pty_peer(tmp_path, answer) as peer:
        park = open_park([calex(peer.port)], post)
        park.start()
        assert until(lambda: park.statuses()["thermometer"].state is DeviceState.READY)
        with clock_stepped(monkeypatch, -3600.0, 0.3):
            speaks.clear()
            park.measure("r1", "thermometer", {}, 30.0)
            assert until(lambda: len(ends) == 1, 20.0), park.statuses()
            speaks.set()
            assert until(lambda: park.statuses()["thermometer"].state is DeviceState.READY, 20.0)
            park.measure("r2", "thermometer", {}, 30.0)
            assert until(lambda: len(ends) == 2, 20.0)
            closing = threading.Thread(target=park.close, daemon=True)
            closing.start()
            closing.join(10.0)
            assert not closing.is_alive()
    assert [type(one).__name__ for one in ends] == ["MeasurementFailed", "MeasurementTaken"]


class HangingInstrument:
    """Its driver, or a library under it, never returns."""

    def __init__(self, free: threading.Event) -> None:
        self._free = free

    def identify(self, deadline: object) -> object:
        raise NotImplementedError

    def measure(self, run: object) -> object:
        self._free.wait()
        raise NoResponse("at last")


class QuietLine:
    def discard_input(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing to close."""


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[LinePark, list[DeviceMessage], threading.Event]]:
    """A park whose one line hangs in its first measurement, until it is set free."""
    free = threading.Event()
    messages: list[DeviceMessage] = []
    devices = attach([calex("/dev/hanging")])
    monkeypatch.setattr(
        park_module, "open_line", lambda group: Opened(QuietLine(), {"thermometer": HangingInstrument(free)})
    )
    monkeypatch.setattr("drivers.worker.LineWorker._check", lambda self, place: None)
    monkeypatch.setattr("drivers.order_watch.GRACE_S", 0.1)
    park = LinePark(devices, messages.append, lambda: None)
    park.start()
    yield park, messages, free
    free.set()
    park.close()


def ended(messages: list[DeviceMessage]) -> list[MeasurementFailed]:
    return [one for one in messages if isinstance(one, MeasurementFailed)]


def test_an_order_past_its_time_is_failed_by_somebody_else(
    hanging: tuple[LinePark, list[DeviceMessage], threading.Event],
) -> None:
    park, messages, free = hanging
    park.measure("r1", "thermometer", {}, 0.1)
    park.measure("r2", "thermometer", {}, 0.1)
    assert until(lambda: len(ended(messages)) == 2)
    assert sorted((one.request_id, one.code, one.act) for one in ended(messages)) == [
        ("r1", "line_stuck", "service"),
        ("r2", "line_stuck", "service"),
    ]
    assert park.statuses()["thermometer"].state is DeviceState.FAULT
    assert park.statuses()["thermometer"].reason.startswith("line_stuck")
    free.set()
    park.close()
    assert len(ended(messages)) == 2


def test_a_park_closes_although_a_line_hangs(hanging: tuple[LinePark, list[DeviceMessage], threading.Event]) -> None:
    park, messages, _ = hanging
    park.measure("r1", "thermometer", {}, 600.0)
    assert until(lambda: park.statuses()["thermometer"].state is DeviceState.BUSY)
    park.measure("r2", "thermometer", {}, 600.0)
    closing = threading.Thread(target=park.close, daemon=True)
    closing.start()
    closing.join(LONGEST_S / 4)
    assert not closing.is_alive()
    assert sorted((one.request_id, one.code) for one in ended(messages)) == [
        ("r1", "line_closed"),
        ("r2", "line_closed"),
    ]


def test_a_line_that_was_never_there_closes_too() -> None:
    with pytest.raises(Unavailable):
        ModbusBus("tcp://127.0.0.1:9", LineSettings())
