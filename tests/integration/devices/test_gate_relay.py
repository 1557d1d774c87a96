"""A gate's relay on a real Modbus line: it opens once and never stays on, whatever board, line and power do."""

import contextlib
import queue
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.config import ConfigError
from drivers.relay_profile import parse_relay, relay_of, shipped_relays
from drivers.relay_worker import RelayDone, RelayPlace, RelayState, RelayWorker
from drivers.transport.modbus_bus import ModbusBus
from simulators.gate_relay import Kind, RelayBoard
from simulators.relay_line import RelayOnLine
from tests.waiting import LONGEST_S, until

KINDS: tuple[Kind, ...] = ("waveshare_v3", "waveshare_v1", "wb_mr6c", "coil_relay")
ENDS_BY_ITSELF: tuple[Kind, ...] = ("waveshare_v3", "wb_mr6c")
PULSE_S = 0.2


class Gate:
    """A worker on a board's line."""

    def __init__(self, line: RelayOnLine, *, relay: int = 1) -> None:
        self.line, self.board = line, line.board
        self.states: list[RelayState] = []
        self.done: queue.SimpleQueue[RelayDone] = queue.SimpleQueue()
        profile = relay_of(line.board.kind)
        self.worker = RelayWorker(
            RelayPlace(profile, 1, relay, PULSE_S), lambda: ModbusBus(line.port, profile.line), self._take
        )
        self.worker.start()

    def _take(self, message: RelayDone | RelayState) -> None:
        if isinstance(message, RelayDone):
            self.done.put(message)
        else:
            self.states.append(message)

    @property
    def is_ready(self) -> bool:
        return bool(self.states) and self.states[-1].is_ready

    def opened(self, within_s: float = 5.0) -> RelayDone:
        """Order one opening, and what became of it."""
        self.worker.open_once("passage-1", within_s)
        return self.done.get(timeout=LONGEST_S)


@contextlib.contextmanager
def gate_of(folder: Path, board: RelayBoard) -> Iterator[Gate]:
    with RelayOnLine(folder, board) as line:
        gate = Gate(line)
        try:
            yield gate
        finally:
            gate.worker.stop()


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_safe_at_the_start_and_opens_once(tmp_path: Path, kind: Kind) -> None:
    board = RelayBoard(kind)
    # Somebody left it on.
    board.receive(bytes.fromhex("0105000101009D9A") if kind == "waveshare_v1" else ON)
    board.transmit()
    assert board.openings == 1
    with gate_of(tmp_path, board) as gate:
        until(lambda: gate.is_ready)
        assert not board.is_on
        assert gate.opened(within_s=LONGEST_S).outcome == "opened"
        assert board.openings == 2
        until(lambda: not board.is_on)
    assert not board.is_on


ON = bytes.fromhex("01050000FF008C3A")


def test_frames_are_those_of_the_facts(tmp_path: Path) -> None:
    sent: list[bytes] = []

    class Heard(RelayBoard):
        def receive(self, data: bytes) -> None:
            sent.append(data)
            super().receive(data)

    profile = relay_of("waveshare_v3")
    with RelayOnLine(tmp_path, Heard()) as line, contextlib.closing(ModbusBus(line.port, profile.line)) as bus:
        bus.read_bits(1, 0, 8)
        bus.write_coil(1, 0, 0xFF00)
        bus.write_coil(1, 0, 0x0000)
        bus.write_coil(1, 0x0200, 0x001E)
        assert bus.read_bits(1, 0, 8) == (True, *[False] * 7)
    heard = b"".join(sent).hex(" ").upper()
    for frame in (
        "01 05 00 00 FF 00 8C 3A",
        "01 05 00 00 00 00 CD CA",
        "01 05 02 00 00 1E 4C 7A",
        "01 01 00 00 00 08 3D CC",
    ):
        assert frame in heard


@pytest.mark.parametrize(
    "trouble",
    [{"echo_unit": 7}, {"echo_shift": 1}, {"garbage": b"\x01\x05\xff\xff\xff\xff"}],
    ids=str,
)
def test_an_echo_that_is_not_ours_is_no_success_and_nothing_is_sent_again(tmp_path: Path, trouble: dict) -> None:
    with gate_of(tmp_path, RelayBoard()) as gate:
        until(lambda: gate.is_ready)
        for name, value in trouble.items():
            setattr(gate.board, name, value)
        assert gate.opened().outcome == "unknown"
        assert gate.board.openings == 1
        until(lambda: not gate.board.is_on)
        assert not gate.is_ready
        for name in trouble:
            setattr(gate.board, name, getattr(RelayBoard(), name))
        until(lambda: gate.is_ready)
        assert gate.board.openings == 1


@pytest.mark.parametrize("kind", KINDS)
def test_power_that_goes_while_the_relay_is_on_leaves_it_off(tmp_path: Path, kind: Kind) -> None:
    with gate_of(tmp_path, RelayBoard(kind)) as gate:
        until(lambda: gate.is_ready)
        gate.board.cut_power_when_on = True
        assert gate.opened().outcome == "unknown"
        gate.board.cut_power_when_on = False
        until(lambda: gate.is_ready)
        assert (gate.board.is_on, gate.board.openings) == (False, 1)


@pytest.mark.parametrize("kind", ENDS_BY_ITSELF)
def test_a_board_ends_it_by_itself_when_the_kiosk_dies_meanwhile(tmp_path: Path, kind: Kind) -> None:
    profile = relay_of(kind)
    assert profile.ends_by_itself
    with RelayOnLine(tmp_path, RelayBoard(kind)) as line:
        gate = Gate(line)
        until(lambda: gate.is_ready)
        gate.worker.stop()
        # The kiosk is killed right after it has switched: nobody speaks to the board any more.
        with contextlib.closing(ModbusBus(line.port, profile.line)) as bus:
            bus.read_bits(1, 0, 1)
            if profile.pulse is not None:
                bus.write_coil(1, profile.pulse.first, 2)
            else:
                bus.write_coil(1, 0, 0xFF00)
        assert line.board.openings == 1
        until(lambda: not line.board.is_on)


def test_a_board_that_is_not_there_or_not_safe_opens_nothing(tmp_path: Path) -> None:
    board = RelayBoard("wb_mr6c", unit=9)
    with gate_of(tmp_path, board) as gate:
        until(lambda: bool(gate.states))
        assert gate.opened(within_s=0.5).outcome == "failed"
        assert board.openings == 0
        del board.holding[938]
        board.unit = 1
        until(lambda: "illegal" in gate.states[-1].reason or "modbus" in gate.states[-1].reason)
        assert gate.opened(within_s=0.5).words == "not_ready"
        assert board.openings == 0


def test_an_order_that_is_too_old_opens_nothing(tmp_path: Path) -> None:
    with gate_of(tmp_path, RelayBoard()) as gate:
        until(lambda: gate.is_ready)
        assert (gate.opened(within_s=0.0).outcome, gate.board.openings) == ("failed", 0)


def test_every_profile_says_that_only_the_way_in_is_ours() -> None:
    for profile in shipped_relays().values():
        assert profile.way == "in"
        assert "пожарной" in profile.wiring
        assert "выхода" in profile.wiring
    text = Path("drivers/relays/waveshare_v3.toml").read_text("utf-8")
    for wrong in ('way = "out"', 'way = "both"', ""):
        with pytest.raises(ConfigError, match="way"):
            parse_relay(text.replace('way = "in"', wrong), "site.toml")
