"""A network line whose other end forgot us: the connection is made anew without a restart, and only then."""

import socket
import threading
from collections.abc import Callable

import pytest

from drivers.config import DeviceConfig
from drivers.errors import FrameError, NoResponse
from drivers.messages import MeasurementFailed, MeasurementTaken
from drivers.model import DeviceState, Measures
from drivers.park import open_park
from drivers.spec import LineSettings
from drivers.transport import modbus_silence
from drivers.transport.modbus_bus import ModbusBus
from drivers.transport.modbus_wire import TcpWire
from drivers.transport.serial_line import SerialLine
from tests.integration.devices.modbus_peer import Request, Said, tcp_peer
from tests.waiting import LONGEST_S, until

CALEX = {0: [17, 1, 1, 57920], 0x0B: [365, 360, 367, 366, 366, 281, 0]}


def sensor(request: Request) -> Said:
    return [(0.0, request.registers(*CALEX[request.address][: request.count]))]


@pytest.mark.parametrize("rtu", [False, True])
def test_five_questions_without_an_answer_open_the_line_anew(rtu: bool) -> None:
    with tcp_peer(sensor, rtu=rtu, silent=lambda number: number == 1) as peer:
        bus = ModbusBus(peer.port, LineSettings())
        for _ in range(modbus_silence.QUESTIONS):
            with pytest.raises(NoResponse):
                bus.read_registers(1, 0, 1, timeout_s=0.05)
        assert bus.read_registers(1, 0, 1, timeout_s=LONGEST_S).registers == (17,)
        assert peer.connections == 2
        bus.close()


def test_two_questions_are_enough_after_a_long_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modbus_silence, "AFTER_S", 0.1)
    with tcp_peer(sensor, silent=lambda number: number == 1) as peer:
        bus = ModbusBus(peer.port, LineSettings())
        for _ in range(2):
            with pytest.raises(NoResponse):
                bus.read_registers(1, 0, 1, timeout_s=0.15)
        assert bus.read_registers(1, 0, 1, timeout_s=LONGEST_S).registers == (17,)
        bus.close()


@pytest.mark.parametrize("rtu", [False, True])
@pytest.mark.parametrize("dead", ["silent", "exception 11", "garbage"])
def test_one_dead_unit_beside_a_living_one_drops_nobody(rtu: bool, dead: str) -> None:
    said: dict[str, Callable[[Request], Said]] = {
        "silent": lambda request: [],
        "exception 11": lambda request: [(0.0, request.exception(11))],
        "garbage": lambda request: [(0.0, b"\x00\x01\x02")],
    }

    def answer(request: Request) -> Said:
        return sensor(request) if request.unit == 1 else said[dead](request)

    with tcp_peer(answer, rtu=rtu) as peer:
        bus = ModbusBus(peer.port, LineSettings())
        for _ in range(3):
            assert bus.read_registers(1, 0, 1, timeout_s=LONGEST_S).registers == (17,)
            for _ in range(modbus_silence.QUESTIONS + 2):
                with pytest.raises((NoResponse, FrameError)):
                    bus.read_registers(2, 0, 1, timeout_s=0.02)
        assert peer.connections == 1
        bus.close()


def test_a_device_is_usable_again_without_a_restart() -> None:
    """The connection dies after the first answers, without a word; every new one would be served."""
    dead = threading.Event()
    ends: list[object] = []

    def post(message: object) -> None:
        if isinstance(message, MeasurementTaken | MeasurementFailed):
            ends.append(message)

    def is_silent(number: int) -> bool:
        return number == 1 and dead.is_set()

    with tcp_peer(sensor, silent=is_silent) as peer:
        config = DeviceConfig(id="t", driver="calex_pyrominibus", measures=Measures.TEMPERATURE, port=peer.port)
        park = open_park([config], post)
        park.start()
        assert until(lambda: park.statuses()["t"].state is DeviceState.READY)
        dead.set()
        park.measure("one", "t", {}, 30.0)
        assert until(lambda: len(ends) == 1)
        assert until(lambda: park.statuses()["t"].state is DeviceState.READY)
        park.measure("two", "t", {}, 30.0)
        assert until(lambda: len(ends) == 2)
        park.close()
        assert isinstance(ends[1], MeasurementTaken)
        assert peer.connections == 2


@pytest.mark.parametrize("kind", ["tcp", "socket"])
def test_the_kernel_asks_whether_a_network_line_lives(kind: str) -> None:
    """Drivers that only listen ask nothing themselves."""
    with tcp_peer(sensor, rtu=kind == "socket") as peer:
        line = TcpWire(peer.port) if kind == "tcp" else SerialLine(peer.port, LineSettings())
        connection = line._socket if isinstance(line, TcpWire) else line._port._socket
        kept = [
            connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE),
            connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
            connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT),
        ]
        line.close()
    assert kept == [1, 5, 3]
