"""A Modbus line or gateway: RTU on any pyserial URL (`socket://` too), or Modbus TCP at `tcp://host:port`.

pymodbus 3.16 makes the requests and reads the registers; waiting, and finding the answer among the bytes, are ours
(ADR 0100). Each question ends within its own time-out by the monotonic clock; whoever polls, polls again. On RTU an
answer that was not in time is waited out before anything else is asked, on a network the connection is made anew when
nobody on it answers any more.
"""

import logging
import time

from pymodbus.framer import FramerBase, FramerRTU, FramerSocket
from pymodbus.pdu import DecodePDU, ModbusPDU
from pymodbus.pdu.bit_message import ReadCoilsRequest, ReadDiscreteInputsRequest
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadInputRegistersRequest,
    WriteSingleRegisterRequest,
)

from drivers.deadline import MonotonicDeadline
from drivers.errors import DeviceFault, FrameError, NoResponse, Unavailable
from drivers.modbus_adu import Adu, Bits, Refused, crc16
from drivers.modbus_answer import AnswerReader, Question, frames_in
from drivers.modbus_owed import OwedAnswers
from drivers.modbus_refusal import is_passing, refusal
from drivers.ports import RegisterBlock
from drivers.spec import LineSettings
from drivers.transport.modbus_silence import SilentQuestions
from drivers.transport.modbus_wire import Wire, open_wire

logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)  # every failure is raised here in our own words

_TALK_S = 1.0
"""A line that does not fall silent for so much longer than it should belongs to somebody else."""
_BUSY_S = 0.1
"""How long a unit that was busy is left alone."""
_MOST_ASKINGS = 10
_COPIES_WITH_ECHO = 2
_NETWORK = ("tcp://", "socket://", "rfc2217://")
_DECODER = DecodePDU(False)


class ModbusBus:
    """A `drivers.ports.RegisterBus`; `close` gives the line back."""

    def __init__(self, url: str, line: LineSettings) -> None:
        self._url = url
        self._line = line
        self._tcp = url.startswith("tcp://")
        self._is_network = url.startswith(_NETWORK)
        self._framer: FramerBase = FramerSocket(_DECODER) if self._tcp else FramerRTU(_DECODER)
        self._transaction = 0
        self._owed = OwedAnswers()
        self._silence = SilentQuestions()
        self._last_heard_s = time.monotonic()
        self._left_alone: dict[int, MonotonicDeadline] = {}
        """Units that were busy, and until when."""
        self._echoes: bool | None = True if line.echo else None
        """Whether the line gives back what is sent; unknown until an answer has come."""
        self._wire: Wire | None = open_wire(url, line)

    def read_registers(
        self, unit: int, address: int, count: int, *, function: int = 3, timeout_s: float = 0.5
    ) -> RegisterBlock:
        """Read `count` registers with function 3 or 4; the answer carries the exact request and reply ADUs.

        Raises `NoResponse`, `FrameError`, `DeviceFault` (see `drivers.modbus_refusal`) or `Unavailable`.
        """
        kind = ReadInputRegistersRequest if function == 4 else ReadHoldingRegistersRequest
        alike: list[tuple[int, ...]] = []
        for _ in range(_MOST_ASKINGS):
            question = self._question(kind(address=address, count=count, dev_id=unit), address, count)
            answer = self._ask(question, timeout_s)
            words = self._registers(answer)
            alike = [*alike, words] if words in alike else [words]
            if self._tcp or len(alike) >= self._owed.equals_wanted(question, time.monotonic()):
                return RegisterBlock(address, words, question.adu, answer.adu)
        raise FrameError(f"{self._url} unit {unit}: answers differ after a late one")

    def write_register(self, unit: int, address: int, value: int, *, timeout_s: float = 0.5) -> None:
        """Write one register (function 6); see `_confirm` for when it counts. Raises as `read_registers` does."""
        request = WriteSingleRegisterRequest(address=address, registers=[value], dev_id=unit)
        self._ask(self._question(request, address, value), timeout_s)

    def read_bits(
        self, unit: int, address: int, count: int, *, function: int = 1, timeout_s: float = 0.5
    ) -> tuple[bool, ...]:
        """Read coils (function 1) or discrete inputs (2). Raises as `read_registers` does."""
        kind = ReadDiscreteInputsRequest if function == 2 else ReadCoilsRequest
        alike: list[bytes] = []
        for _ in range(_MOST_ASKINGS):
            question = self._question(kind(address=address, count=count, dev_id=unit), address, count)
            answer = self._ask(question, timeout_s)
            if not isinstance(answer, Bits):
                raise FrameError(f"{self._url} unit {unit}: an answer without bits")
            alike = [*alike, answer.data] if answer.data in alike else [answer.data]
            if self._tcp or len(alike) >= self._owed.equals_wanted(question, time.monotonic()):
                return tuple(answer.bit(place) for place in range(count))
        raise FrameError(f"{self._url} unit {unit}: answers differ after a late one")

    def write_coil(self, unit: int, address: int, word: int, *, timeout_s: float = 0.5) -> None:
        """Write one coil (function 5). `word` is what the board wants: FF00, 0000, or a number of its own.

        It counts when the exact copy came back. Raises as `read_registers` does; what was sent may have been done all the same.
        """
        self._transaction = self._transaction % 0xFFFF + 1
        pdu = bytes((5,)) + address.to_bytes(2, "big") + word.to_bytes(2, "big")
        # pymodbus knows two words alone, and relay boards have more.
        if self._tcp:
            adu = (
                self._transaction.to_bytes(2, "big")
                + b"\0\0"
                + (len(pdu) + 1).to_bytes(2, "big")
                + bytes((unit,))
                + pdu
            )
        else:
            adu = bytes((unit,)) + pdu
            adu += crc16(adu)
        self._ask(Question(unit, 5, address, word, adu, self._tcp), timeout_s)

    def discard_input(self) -> None:
        """Sign of life of the line itself; raises `Unavailable` when it is gone."""
        self._heard(self._opened().drain())

    def close(self) -> None:
        if self._wire is not None:
            self._wire.close()
        self._wire = None

    def _question(self, request: ModbusPDU, address: int, number: int) -> Question:
        self._transaction = self._transaction % 0xFFFF + 1
        request.transaction_id = self._transaction
        adu = self._framer.buildFrame(request)
        return Question(request.dev_id, request.function_code, address, number, adu, self._tcp)

    def _ask(self, question: Question, timeout_s: float) -> Adu:
        """The answer, judged. Ends within `timeout_s` once the line was free to be asked."""
        wire = self._free_for(question)
        reader = AnswerReader(question)
        deadline = MonotonicDeadline(timeout_s)
        asked_s = time.monotonic()
        wire.write(question.adu)
        while (answer := reader.feed(wire.read())) is None:
            if deadline.expired:
                raise self._unanswered(question, reader, timeout_s)
        self._silence.answered(question.unit)
        self._judge(question, reader, timeout_s)
        if not self._tcp:
            self._last_heard_s = time.monotonic()
            self._owed.answered(question, asked_s)
        if isinstance(answer, Refused):
            error = refusal(self._url, question.unit, answer.code)
            if is_passing(error):
                self._left_alone[question.unit] = MonotonicDeadline(_BUSY_S)
            raise error
        if question.is_write and not self._tcp:
            self._confirm(question, wire, reader, deadline, timeout_s)
        return answer

    def _judge(self, question: Question, reader: AnswerReader, timeout_s: float) -> None:
        """Refuse an answer that may belong to another question, and learn whether the line echoes."""
        if self._tcp:
            return
        if reader.echoed:
            self._echoes = True
        elif not question.is_write and self._echoes is None:
            self._echoes = False
        strangers = [frame for frame in self._owed.pay(reader.foreign) if frame.unit == question.unit]
        if reader.several or strangers:
            self._owe(question, timeout_s)
            raise FrameError(f"{self._url} unit {question.unit}: several answers came to one question")

    def _confirm(
        self, question: Question, wire: Wire, reader: AnswerReader, deadline: MonotonicDeadline, timeout_s: float
    ) -> None:
        """A write is answered by its own copy, and an echo is one as well.

        Where the line may echo, only a second copy counts, or the value read back.
        """
        if not self._may_echo:
            return
        while reader.copies() < _COPIES_WITH_ECHO and not deadline.expired:
            reader.feed(wire.read())
        if reader.copies() >= _COPIES_WITH_ECHO:
            self._echoes = True
            return
        if question.function == 5:
            # A pulse cannot be read back; how the relay stands is asked by who switches it.
            raise FrameError(f"{self._url} unit {question.unit}: the line echoes, and nobody has confirmed the write")
        stands: int | None = None
        try:
            stands = self.read_registers(question.unit, question.address, 1, timeout_s=timeout_s).registers[0]
        except DeviceFault as error:
            if is_passing(error):
                raise
        if self._may_echo and stands != question.number:
            raise FrameError(f"{self._url} unit {question.unit}: the line echoes, and nobody has confirmed the write")

    @property
    def _may_echo(self) -> bool:
        return self._echoes is not False

    def _free_for(self, question: Question) -> Wire:
        """The line, silent for as long as this question needs it to be."""
        if self._is_network and self._silence.is_dead:
            self._open_anew()
        wire = self._opened()
        self._heard(wire.drain())
        left_alone = self._left_alone.pop(question.unit, None)
        silence_s = 0.0 if self._tcp else self._owed.silence_s(question, time.monotonic())
        until = MonotonicDeadline(max(self._last_heard_s + silence_s - time.monotonic(), 0.0))
        limit = MonotonicDeadline(silence_s + _TALK_S)
        while not until.expired or not (left_alone is None or left_alone.expired):
            if self._heard(wire.read()):
                silence_s = self._owed.silence_s(question, time.monotonic())
                until = MonotonicDeadline(silence_s)
            if limit.expired:
                raise FrameError(f"{self._url}: the line is never silent, somebody else talks on it")
        if silence_s:
            self._owed.waited_out()
        return wire

    def _heard(self, unasked: bytes) -> bool:
        """Account for what came while nothing was asked."""
        if not unasked:
            return False
        self._owed.pay(frames_in(unasked))
        self._last_heard_s = time.monotonic()
        return True

    def _unanswered(self, question: Question, reader: AnswerReader, timeout_s: float) -> FrameError | NoResponse:
        place = f"{self._url} unit {question.unit}"
        if reader.echoed:
            self._echoes = True
        self._owe(question, timeout_s)
        why = reader.why_not()
        if why:
            self._silence.answered(question.unit)
            return FrameError(f"{place}: {why}")
        self._silence.unanswered(question.unit)
        return NoResponse(f"{place}: no answer in time")

    def _owe(self, question: Question, timeout_s: float) -> None:
        if not self._tcp:
            self._last_heard_s = time.monotonic()
            self._owed.add(question, self._last_heard_s, timeout_s)

    def _registers(self, answer: Adu) -> tuple[int, ...]:
        pdu = _DECODER.decode(answer.adu[7:] if self._tcp else answer.adu[1:-2])
        if pdu is None:
            raise FrameError(f"{self._url} unit {answer.unit}: an answer that cannot be read ({answer.adu.hex(' ')})")
        return tuple(pdu.registers)

    def _opened(self) -> Wire:
        if self._wire is None:
            raise Unavailable(f"{self._url}: the line is gone; put the cable back", code="line_lost")
        return self._wire

    def _open_anew(self) -> None:
        """Nobody on this connection answers any more: the other end may have forgotten it."""
        self.close()
        self._silence.opened_anew()
        self._wire = open_wire(self._url, self._line)
