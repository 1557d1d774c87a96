"""Binds an answer to its question: which of the bytes on a Modbus line are the one answer that was asked for. Pure.

An RTU answer carries neither address nor number, so whatever may be told apart is: unit, function, byte count, kind,
check sum, and what we sent ourselves. The same parser of frames (`drivers.modbus_adu`) reads captures.
Source: Modbus Application Protocol V1.1b3; Modbus over serial line V1.02, 2.5.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from drivers.findings import FrameBroken
from drivers.modbus_adu import Adu, AduReader, Answer, Bits, Refused, Written, answer_size, parse_answer

_MBAP_BYTES = 7
_SHORTEST_ECHO = 2
"""So many last bytes of our own question make an echo; fewer may be noise."""


@dataclass(frozen=True, slots=True)
class Question:
    """A request as sent: function 1 to 4 (`number` bits or registers from `address` on), 5 or 6 (`number` into `address`)."""

    unit: int
    function: int
    address: int
    number: int
    adu: bytes
    tcp: bool = False
    """Whether an MBAP header with a transaction number stands in front."""

    @property
    def is_write(self) -> bool:
        return self.function in (5, 6)

    def same_as(self, other: "Question") -> bool:
        """Whether it asks the same of the same unit."""
        return self.adu[_start(self) :] == other.adu[_start(other) :]

    def shaped_as(self, other: "Question") -> bool:
        """Whether an RTU answer to the one can't be told from an answer to the other."""
        if self.is_write or other.is_write:
            return self.same_as(other)
        return (self.unit, self.function, self.number) == (other.unit, other.function, other.number)

    def answered_by(self, adu: Adu) -> bool:
        """Whether this frame has unit, function, size and kind of an answer to it."""
        if (adu.unit, adu.function) != (self.unit, self.function):
            return False
        match adu:
            case Answer(_, _, registers):
                return len(registers) == self.number
            case Bits(_, _, data):
                return len(data) == (self.number + 7) // 8
            case Written(_, _, address, value):
                return (address, value) == (self.address, self.number)
            case Refused():
                return True


def _start(question: Question) -> int:
    return _MBAP_BYTES - 1 if question.tcp else 0


class AnswerReader:
    """Takes what comes after a question; bounded by the time in which one listens.

    Noise and our own echo in front are skipped. What else is well-formed stands in `foreign`.
    """

    def __init__(self, question: Question) -> None:
        self._question = question
        self._received = b""
        self.foreign: list[Adu] = []
        """Whole frames in front of the answer that answer something else."""
        self.several = False
        """Different answers to this question came together: none of them counts."""
        self.echoed = False
        """Our own question, or its end, came back."""

    @property
    def received(self) -> bytes:
        return self._received

    def feed(self, data: bytes) -> Adu | None:
        """The answer, once it is whole."""
        if not data:
            return None
        self._received += data
        own = self._own_bytes()
        if own is None:
            return None
        found = [(at, adu) for at, adu in self._candidates(own) if self._question.answered_by(adu)]
        if not found:
            return None
        at, answer = found[0]
        sent, in_front = self._question.adu, self._received[own:at]
        self.foreign = frames_in(self._received[:own].removesuffix(sent)) + frames_in(in_front)
        self.echoed |= len(in_front) >= _SHORTEST_ECHO and sent.endswith(in_front)
        self.several = any(adu.adu != answer.adu for _, adu in found)
        return answer

    def copies(self) -> int:
        """How often our question stands in what came: a write is answered by its own copy."""
        return self._received.count(self._question.adu)

    def why_not(self) -> str:
        """What came instead of an answer; empty when nothing came, or only our own question."""
        if self._question.adu.startswith(self._received):
            return ""
        for adu in frames_in(self._received):
            if not self._question.answered_by(adu):
                return f"an answer came that is not ours: {_told(adu)}"
        if self._question.tcp and self._same_under_another_number():
            return "answers carry another transaction number than the questions; the gateway does not give ours back"
        return f"only garbage came ({self._received[:64].hex(' ')})"

    def _own_bytes(self) -> int | None:
        """Where our own question, sent back whole, ends; 0 when it did not come, None while it may be coming."""
        sent = self._question.adu
        if self._question.is_write or self._question.tcp:
            return 0
        if (at := self._received.find(sent)) >= 0:
            self.echoed = True
            return at + len(sent)
        return None if sent.startswith(self._received) else 0

    def _candidates(self, start: int) -> Iterator[tuple[int, Adu]]:
        """Whole frames that begin as an answer to the question does, wherever noise may have put them."""
        question, data = self._question, self._received
        heads = [bytes([question.unit, function]) for function in (question.function, question.function | 0x80)]
        for at in range(start, len(data)):
            body = at + _start(question)
            if data[body : body + 2] not in heads:
                continue
            if question.tcp and data[at : at + 4] != question.adu[:2] + b"\0\0":
                continue
            size = answer_size(data[at : at + 8], tcp=question.tcp)
            if size and len(data) >= at + size:
                adu = parse_answer(data[at : at + size], tcp=question.tcp)
                if not isinstance(adu, FrameBroken):
                    yield at, adu

    def _same_under_another_number(self) -> bool:
        sent = self._question.adu
        return self._received[2:4] == b"\0\0" and self._received[6:8] == sent[6:8]


def frames_in(data: bytes) -> list[Adu]:
    """Whole frames among bytes, whatever they answer."""
    for has_bits in (False, True):
        reader = AduReader(has_bits=has_bits)
        found = [adu for adu in (*reader.feed(data), *reader.close()) if not isinstance(adu, FrameBroken)]
        if found:
            return found
    return []


def _told(adu: Adu) -> str:
    match adu:
        case Answer(unit, function, registers):
            return f"unit {unit}, function {function}, {len(registers)} registers"
        case Bits(unit, function, data):
            return f"unit {unit}, function {function}, {len(data)} bytes of bits"
        case Written(unit, function, address, value):
            return f"unit {unit}, function {function}, register {address} = {value}"
        case Refused(unit, function, code):
            return f"unit {unit}, function {function}, exception {code}"
