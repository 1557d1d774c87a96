"""Our own Modbus responder against the published frames, and against pymodbus as an independent host."""

from pathlib import Path

import pytest
from pymodbus.client import ModbusSerialClient, ModbusTcpClient

from simulators.bench import Bench
from simulators.calex_pyrominibus import CalexModel
from simulators.modbus_rtu import Responder, crc
from tests.waiting import LONGEST_S


def ask(request: str, **fields: object) -> str:
    model = CalexModel(seen_celsius=36.6, body_celsius=28.1)
    for key, value in fields.items():
        setattr(model, key, value)
    model.receive(bytes.fromhex(request))
    model.tick(0.05)
    return model.transmit().hex(" ").upper()


@pytest.mark.parametrize(
    ("request_adu", "reply_adu"),
    [
        ("01 03 00 0E 00 01 E5 C9", "01 03 02 01 6E 38 38"),
        ("FF 03 00 0E 00 01 F0 17", "FF 03 02 01 6E 11 EC"),
        ("01 06 00 17 26 48 23 98", "01 06 00 17 26 48 23 98"),
        ("01 03 00 12 00 01 24 0F", "01 83 02 C0 F1"),
        ("01 05 00 00 FF 00 8C 3A", "01 85 01 83 50"),
        ("02 03 00 0E 00 01 E5 FA", ""),
        ("01 03 00 0E 00 01 E5 C8", ""),
    ],
)
def test_published_exchanges(request_adu: str, reply_adu: str) -> None:
    assert ask(request_adu) == reply_adu


def test_the_whole_block_in_one_answer() -> None:
    # The vendor's example has other averages; ours follow the value: words and CRC are checked here.
    words = (365, 360, 367, 366, 366, 281, 0)
    body = bytes([1, 3, 14]) + b"".join(word.to_bytes(2, "big") for word in words)
    assert ask("01 03 00 0B 00 07 75 CA") == (body + crc(body)).hex(" ").upper()


def test_over_tcp() -> None:
    reply = ask("00 01 00 00 00 06 01 04 00 0B 00 06", tcp=True)
    assert reply == "00 01 00 00 00 0F 01 04 0C 01 6D 01 68 01 6F 01 6E 01 6E 01 19"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8])
def test_requests_may_come_in_pieces_and_after_garbage(size: int) -> None:
    responder = Responder(1, {14: 366}.get, lambda register, word: False)
    line = b"\x55\xaa" + bytes.fromhex("01 03 00 0E 00 01 E5 C9") * 2
    replies = b"".join(responder.receive(line[at : at + size]) for at in range(0, len(line), size))
    assert replies == bytes.fromhex("01 03 02 01 6E 38 38") * 2


def test_several_registers_are_written_or_none() -> None:
    written: dict[int, int] = {}

    def write(register: int, word: int) -> bool:
        written[register] = word
        return register < 3

    responder = Responder(1, written.get, write)
    body = bytes.fromhex("01 10 00 01 00 02 04 00 07 00 08")
    assert responder.receive(body + crc(body))[1] == 0x10
    assert written == {1: 7, 2: 8}
    body = bytes.fromhex("01 10 00 02 00 02 04 00 07 00 08")
    assert responder.receive(body + crc(body))[1] == 0x90


@pytest.mark.parametrize("transport", ["pty", "tcp"])
def test_pymodbus_understands_it(tmp_path: Path, transport: str) -> None:
    with Bench(tmp_path, 20.0) as bench:
        bench.add("thermometer", "calex_pyrominibus", transport=transport)
        bench.start()
        bench.wait_for("thermometer", lambda model: model.seen_celsius > 36.59, LONGEST_S)
        client: ModbusSerialClient | ModbusTcpClient
        if transport == "pty":
            client = ModbusSerialClient(bench.port("thermometer"), baudrate=9600, timeout=LONGEST_S, retries=0)
        else:
            client = ModbusTcpClient(
                "127.0.0.1", port=int(bench.port("thermometer").rpartition(":")[2]), timeout=LONGEST_S, retries=0
            )
        assert client.connect()
        assert client.read_holding_registers(0x0E, count=1, device_id=1).registers == [366]
        assert client.read_input_registers(0, count=4, device_id=1).registers == [17, 1, 1, 57920]
        assert client.write_register(0x17, 9800, device_id=1).isError() is False
        assert client.write_register(0x00, 1, device_id=1).exception_code == 2
        client.close()
