"""A unit that answers in its own time, over virtual time: whatever its delays, no answer is taken for another question's."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.errors import FrameError, NoResponse
from drivers.modbus_owed import OWED_S
from drivers.spec import LineSettings
from drivers.transport import modbus_bus
from drivers.transport.modbus_bus import ModbusBus
from simulators.modbus_rtu import crc

TIMEOUT_S = 0.1
SOON_S = 0.01
FIRST_BYTE_S = 0.02


class LateUnit:
    """A wire with one unit at its end that answers its questions in their order, each so long after it was free for it.

    An answer that would be later than `OWED_S` never comes. Register n holds n. After the last delay, all answers are soon.
    """

    def __init__(self, delays_s: Sequence[float]) -> None:
        self.now_s = 1000.0
        self.asked = 0
        self._delays_s = delays_s
        self._coming: list[tuple[float, bytes]] = []
        self._free_s = 0.0

    def clock_s(self) -> float:
        return self.now_s

    def write(self, adu: bytes) -> None:
        delay_s = self._delays_s[self.asked] if self.asked < len(self._delays_s) else SOON_S
        self.asked += 1
        due_s = max(self._free_s, self.now_s) + delay_s
        if due_s - self.now_s < OWED_S:
            self._free_s = due_s
            words = adu[5]
            body = bytes([adu[0], adu[1], 2 * words]) + adu[2:4] * words
            self._coming.append((due_s, body + crc(body)))

    def read(self) -> bytes:
        next_s = self._coming[0][0] if self._coming else self.now_s + FIRST_BYTE_S
        self.now_s += min(max(next_s - self.now_s, 0.0), FIRST_BYTE_S) or 0.001
        return self.drain()

    def drain(self) -> bytes:
        come = [frame for due_s, frame in self._coming if due_s <= self.now_s]
        self._coming = self._coming[len(come) :]
        return b"".join(come)

    def close(self) -> None:
        self._coming.clear()


@contextmanager
def on_line(unit: LateUnit) -> Iterator[ModbusBus]:
    """A bus with this unit, under the unit's clock."""
    with (
        mock.patch.object(time, "monotonic", unit.clock_s),
        mock.patch.object(modbus_bus, "open_wire", return_value=unit),
    ):
        yield ModbusBus("/dev/late", LineSettings())


def read_all(unit: LateUnit, addresses: Sequence[int], pause_s: float = 0.0) -> list[int | None]:
    """The value of each read, one after the other; None for an error."""
    values: list[int | None] = []
    with on_line(unit) as bus:
        for address in addresses:
            try:
                values.append(bus.read_registers(1, address, 1, timeout_s=TIMEOUT_S).registers[0])
            except (NoResponse, FrameError):
                values.append(None)
            unit.now_s += pause_s
    return values


delays = st.lists(st.sampled_from([0.01, 0.05, 0.09, 0.11, 0.19, 0.25, 0.31, 0.5, 0.9, 1.7]), max_size=30)
questions = st.lists(st.integers(1, 3), min_size=1, max_size=25)


@given(delays, questions, st.sampled_from([0.0, 0.05, 0.3]))
@settings(max_examples=400)
def test_no_value_is_that_of_another_register(delays_s: list[float], addresses: list[int], pause_s: float) -> None:
    values = read_all(LateUnit(delays_s), addresses, pause_s)
    assert [value for value in values if value is not None] == [
        address for address, value in zip(addresses, values, strict=True) if value is not None
    ]


@pytest.mark.parametrize("delay_s", [0.11, 0.15, 0.21, 0.25, 0.31, 0.45, 0.9, 2.0])
@pytest.mark.parametrize("pause_s", [0.0, 0.05, 0.3])
def test_a_unit_that_is_always_late_gives_no_wrong_value(delay_s: float, pause_s: float) -> None:
    addresses = [1, 2, 3, 1, 2, 2, 3, 3, 1] * 5
    values = read_all(LateUnit([delay_s] * 1000), addresses, pause_s)
    assert all(value in (None, address) for address, value in zip(addresses, values, strict=True))


@given(delays, questions)
@settings(max_examples=200)
def test_a_unit_that_answers_in_time_again_is_read_again_as_before(delays_s: list[float], addresses: list[int]) -> None:
    values = read_all(LateUnit(delays_s), [*addresses, *[1, 2, 3] * 60])
    assert values[-30:] == [1, 2, 3] * 10


def test_an_answer_of_another_size_shows_that_nothing_before_it_is_owed() -> None:
    """A unit answers in the order of its questions: from there on each read takes one question again."""
    unit = LateUnit([0.25])
    with on_line(unit) as bus:
        with pytest.raises(NoResponse):
            bus.read_registers(1, 2, 1, timeout_s=TIMEOUT_S)
        assert bus.read_registers(1, 1, 1, timeout_s=TIMEOUT_S).registers == (1,)
        before = unit.asked
        assert bus.read_registers(1, 3, 1, timeout_s=TIMEOUT_S).registers == (3,)
        assert unit.asked - before > 1
        bus.read_registers(1, 7, 2, timeout_s=TIMEOUT_S)
        before = unit.asked
        assert bus.read_registers(1, 3, 1, timeout_s=TIMEOUT_S).registers == (3,)
        assert unit.asked - before == 1


def test_a_line_on_which_much_is_owed_is_left_silent_until_it_is_lost() -> None:
    unit = LateUnit([9.0] * 5)
    with on_line(unit) as bus:
        for address in (1, 2, 3, 1, 2):
            with pytest.raises(NoResponse):
                bus.read_registers(1, address, 1, timeout_s=TIMEOUT_S)
        before, began_s = unit.asked, unit.now_s
        assert bus.read_registers(1, 3, 1, timeout_s=TIMEOUT_S).registers == (3,)
        assert unit.now_s - began_s >= OWED_S - TIMEOUT_S
        assert unit.asked - before == 1
