"""Our Modbus line against pymodbus' own server, so that our responder is not the only partner it was tried with."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pymodbus import FramerType
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from drivers.deadline import MonotonicDeadline
from drivers.errors import DeviceFault, NoResponse, Unavailable, WrongDevice
from drivers.registry import driver
from drivers.spec import LineSettings
from drivers.transport.modbus_bus import ModbusBus
from tests.waiting import LONGEST_S

WORDS = [17, 1, 1, 57920, 1, 0, 250, 9800, 0, 0, 0, 365, 360, 367, 366, 366, 281, 0]


@contextmanager
def served(framer: FramerType) -> Iterator[str]:
    """A pymodbus server with the sensor's registers; yields the URL of the line."""
    loop = asyncio.new_event_loop()
    started = threading.Event()
    servers: list[ModbusTcpServer] = []

    async def serve() -> None:
        device = SimDevice(1, [SimData(0, values=WORDS, datatype=DataType.REGISTERS)])
        server = ModbusTcpServer(device, framer=framer, address=("127.0.0.1", 0))
        await server.serve_forever(background=True)
        servers.append(server)
        started.set()

    def run() -> None:
        asyncio.set_event_loop(loop)
        task = loop.create_task(serve())
        loop.run_forever()
        task.cancel()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert started.wait(LONGEST_S)
    port = servers[0].transport.sockets[0].getsockname()[1]
    try:
        yield f"{'tcp' if framer is FramerType.SOCKET else 'socket'}://127.0.0.1:{port}"
    finally:
        asyncio.run_coroutine_threadsafe(servers[0].shutdown(), loop).result(LONGEST_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(LONGEST_S)
        loop.close()


@pytest.mark.parametrize("framer", [FramerType.SOCKET, FramerType.RTU])
def test_the_profile_reads_from_pymodbus(framer: FramerType) -> None:
    with served(framer) as url:
        bus = ModbusBus(url, LineSettings())
        block = bus.read_registers(1, 0x0B, 7, timeout_s=LONGEST_S)
        assert block.registers == (365, 360, 367, 366, 366, 281, 0)
        if framer is FramerType.RTU:
            assert block.reply.hex(" ").upper() == "01 03 0E 01 6D 01 68 01 6F 01 6E 01 6E 01 19 00 00 9A 85"
            assert block.request.hex(" ").upper() == "01 03 00 0B 00 07 75 CA"
        else:
            assert block.reply[6:].hex(" ").upper() == "01 03 0E 01 6D 01 68 01 6F 01 6E 01 6E 01 19 00 00"
        make = driver("calex_pyrominibus").make_modbus
        assert make is not None
        assert make(bus, 1, {}).identify(MonotonicDeadline(LONGEST_S)).serial_number == "123456"
        stranger = driver("calex_pyrousb").make_modbus
        assert stranger is not None
        with pytest.raises(WrongDevice):
            stranger(bus, 1, {}).identify(MonotonicDeadline(LONGEST_S))
        with pytest.raises(DeviceFault) as caught:
            bus.read_registers(1, 500, 2, timeout_s=LONGEST_S)
        assert caught.value.code == "modbus_2"
        bus.close()


def test_a_gateway_that_goes_away_is_unavailable() -> None:
    with served(FramerType.SOCKET) as url:
        bus = ModbusBus(url, LineSettings())
        bus.read_registers(1, 0, 1, timeout_s=LONGEST_S)
    with pytest.raises((Unavailable, NoResponse)):
        bus.read_registers(1, 0, 1, timeout_s=0.2)
    with pytest.raises(Unavailable):
        bus.read_registers(1, 0, 1, timeout_s=0.2)
    bus.close()
    with pytest.raises(Unavailable) as caught:
        ModbusBus(url, LineSettings())
    assert caught.value.code == "not_found"
