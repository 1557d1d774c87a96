"""A Modbus line or gateway through pymodbus 3.16: RTU on any pyserial URL, or `tcp://host:port`.

pymodbus' own time-out (3 s) and retries (3) could hold a bus for twelve seconds per dead unit: each call here carries
its own time-out and there are no retries; whoever polls, polls again. The exact ADUs are kept for the record.
"""

import logging
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

from pymodbus.client import ModbusSerialClient, ModbusTcpClient
from pymodbus.exceptions import ConnectionException, ModbusException
from pymodbus.pdu import ExceptionResponse, ModbusPDU

from drivers.errors import DeviceFault, FrameError, NoResponse, Unavailable
from drivers.ports import RegisterBlock
from drivers.spec import LineSettings
from drivers.transport.serial_line import GONE, close_port, discard, open_port

logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)  # every failure is raised here in our own words

_CONNECT_S = 2.0
_MBAP_BYTES = 6
_NEVER = 1 << 31
"""pymodbus closes a gateway after four silent units; a dead unit is no reason to drop the others."""
_EXCEPTIONS = {
    1: "illegal function",
    2: "no such register",
    3: "illegal value",
    4: "device failure",
    5: "acknowledged, still busy",
    6: "device busy",
    10: "gateway path unavailable",
    11: "gateway target did not respond",
}


class ModbusBus:
    """A `drivers.ports.RegisterBus`; `close` gives the line back."""

    def __init__(self, url: str, line: LineSettings) -> None:
        self._url = url
        self._sent = b""
        self._received = b""
        self._client: ModbusSerialClient | ModbusTcpClient
        if url.startswith("tcp://"):
            place = urlsplit(url)
            self._client = ModbusTcpClient(
                place.hostname or "localhost", port=place.port or 502, retries=0, trace_packet=self._trace
            )
        else:
            self._client = ModbusSerialClient(
                url,
                baudrate=line.baudrate,
                bytesize=line.bytesize,
                parity=line.parity,
                stopbits=line.stopbits,
                retries=0,
                trace_packet=self._trace,
            )
        self._line = line
        self._open()

    def read_registers(
        self, unit: int, address: int, count: int, *, function: int = 3, timeout_s: float = 0.5
    ) -> RegisterBlock:
        """Read `count` registers with function 3 or 4; the answer carries the exact request and reply ADUs."""
        self._bound(timeout_s)
        read = self._client.read_input_registers if function == 4 else self._client.read_holding_registers
        answer = self._ask(unit, lambda: read(address, count=count, device_id=unit))
        if len(answer.registers) != count:
            raise FrameError(f"{self._url} unit {unit}: {len(answer.registers)} registers came instead of {count}")
        return RegisterBlock(address, tuple(answer.registers), self._sent, self._reply_adu(unit, function, count))

    def write_register(self, unit: int, address: int, value: int, *, timeout_s: float = 0.5) -> None:
        self._bound(timeout_s)
        self._ask(unit, lambda: self._client.write_register(address, value, device_id=unit))

    def discard_input(self) -> None:
        """Sign of life of the line itself; raises `Unavailable` when it is gone."""
        try:
            if isinstance(self._client, ModbusSerialClient) and self._client.socket is not None:
                discard(self._client.socket)
            elif isinstance(self._client, ModbusTcpClient) and self._client.socket is not None:
                self._drain(self._client.socket)
        except GONE as error:
            raise self._gone() from error

    def close(self) -> None:
        if isinstance(self._client, ModbusSerialClient) and self._client.socket is not None:
            close_port(self._client.socket)
        elif isinstance(self._client, ModbusTcpClient) and self._client.socket is not None:
            self._client.socket.close()
        self._client.socket = None

    def _drain(self, connection: socket.socket) -> None:
        connection.setblocking(False)  # as pymodbus leaves it after every call
        try:
            while received := connection.recv(4096):
                if len(received) < 4096:
                    return
        except BlockingIOError:
            return
        raise self._gone()

    def _open(self) -> None:
        # pymodbus swallows the reason why a port cannot be opened, so we open it and hand it over.
        if isinstance(self._client, ModbusSerialClient):
            self._client.socket = open_port(self._url, self._line)
            return
        address = (self._client.comm_params.host, self._client.comm_params.port)
        try:
            self._client.socket = socket.create_connection(address, timeout=_CONNECT_S)
        except OSError as error:
            raise Unavailable(f"{self._url}: the gateway does not answer ({error})", code="not_found") from error

    def _bound(self, timeout_s: float) -> None:
        self._client.comm_params.timeout_connect = timeout_s
        self._client.transaction.comm_params.timeout_connect = timeout_s
        self._client.transaction.count_until_disconnect = _NEVER
        self._sent = self._received = b""
        if self._client.socket is None:
            raise self._gone()

    def _ask(self, unit: int, call: Callable[[], ModbusPDU]) -> ModbusPDU:
        try:
            answer = call()
        except (ConnectionException, *GONE) as error:
            raise self._gone() from error
        except ModbusException as error:
            if self._received:
                raise FrameError(f"{self._url} unit {unit}: only garbage came ({self._received.hex(' ')})") from error
            raise NoResponse(f"{self._url} unit {unit}: no answer in time") from error
        if isinstance(answer, ExceptionResponse):
            code = answer.exception_code
            text = _EXCEPTIONS.get(code, "unknown exception")
            raise DeviceFault(f"{self._url} unit {unit}: exception {code}, {text}", code=f"modbus_{code}")
        return answer

    def _trace(self, sending: bool, packet: bytes) -> bytes:
        if sending:
            self._sent = packet
        else:
            self._received = packet
        return packet

    def _reply_adu(self, unit: int, function: int, count: int) -> bytes:
        """The accepted frame alone, without garbage that pymodbus skipped before it."""
        head = bytes([unit, function, 2 * count])
        start = max(0, self._received.find(head))
        if isinstance(self._client, ModbusTcpClient):
            return self._received[max(0, start - _MBAP_BYTES) : start + len(head) + 2 * count]
        return self._received[start : start + len(head) + 2 * count + 2]

    def _gone(self) -> Unavailable:
        return Unavailable(f"{self._url}: the line is gone; put the cable back", code="line_lost")
