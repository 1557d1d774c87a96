"""An answer counts for the one question that it belongs to: late, foreign, echoed and noisy answers on real lines."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.config import DeviceConfig
from drivers.deadline import MonotonicDeadline
from drivers.errors import DeviceError, DeviceFault, FrameError, NoResponse
from drivers.findings import StateSeen
from drivers.model import Measures
from drivers.orders import LineRun, Order
from drivers.park import open_line
from drivers.registry import attach
from drivers.spec import LineSettings
from drivers.transport.modbus_bus import ModbusBus
from tests.integration.devices.modbus_peer import Peer, Request, Said, pty_peer, tcp_peer
from tests.waiting import LONGEST_S

SOON_S = 0.02
HEARD_WITHIN_S = 1.0
"""Where the peer does answer: long enough for a machine that is busy with other work."""
STATE, RESULT, ERROR, START, RESET = 0x11, 0x20, 0x21, 0x30, 0x31
IDLE, BLOWING, FAILED, DONE = 0, 1, 3, 4

PROFILE = """
name = "site_breath"
maker = "Site"
model = "Breath"
version = "1"
origin = "site"
source = "a test"
medical_device = false
measures = ["breath"]
[link]
timeout_s = 0.3
poll_period_s = 0.05
tries = {tries}
[block]
address = 0x20
count = 1
[[point]]
name = "breath_alcohol_mg_per_l"
register = 0x20
type = "u16"
scale = 0.01
decimals = 2
unit = "mg/L"
range = [0.0, 5.0]
[cycle]
start_register = 0x30
start_value = 1
reset_register = 0x31
reset_value = 1
state_register = 0x11
error_register = 0x21
states = [
  {{ value = 0, state = "idle" }}, {{ value = 1, state = "blowing" }},
  {{ value = 3, state = "error" }}, {{ value = 4, state = "done" }},
]
errors = [{{ value = 2, code = "blow_interrupted", message = "blown too short", act = "worker" }}]
"""


class BreathUnit:
    """Blows for two looks at the state, then holds 85; the answer to one chosen question is late, once."""

    def __init__(self, late: Callable[[Request, int], bool], delay_s: float, end: int = DONE) -> None:
        self._late, self._delay_s, self._end = late, delay_s, end
        self._looks: int | None = None
        self._was_late = False

    def answer(self, request: Request) -> Said:
        if request.function == 6:
            if request.address == START:
                self._looks = 0
            return [(SOON_S, request.raw)]
        word = {RESULT: 85, ERROR: 2}.get(request.address, IDLE)
        if request.address == STATE and self._looks is not None:
            self._looks += 1
            word = self._end if self._looks > 2 else BLOWING
        delay_s = SOON_S
        if not self._was_late and self._late(request, word):
            self._was_late, delay_s = True, self._delay_s
        return [(delay_s, request.registers(word))]


def measured(folder: Path, peer: Peer, tries: int, unit: int = 1) -> tuple[dict[str, object], bytes]:
    """One measurement with the site's profile: values and raw bytes."""
    path = folder / "site.toml"
    path.write_text(PROFILE.format(tries=tries))
    config = DeviceConfig(
        id="breath",
        driver="modbus_profile",
        measures=Measures.BREATH,
        port=peer.port,
        unit=unit,
        options={"profile": str(path)},
    )
    opened = open_line(attach([config]))
    try:
        run = LineRun(Order("one", "breath", {}, MonotonicDeadline(LONGEST_S)), {}, lambda progress: None)
        reading = opened.instruments["breath"].measure(run)
    finally:
        opened.line.close()
    return dict(reading.values), reading.raw


DELAYS_S = (0.02, 0.29, 0.31, 0.35, 0.45, 0.59, 0.61, 0.75, 0.9)


LATE: dict[str, Callable[[Request, int], bool]] = {
    "done": lambda request, word: request.address == STATE and word == DONE,
    "blowing": lambda request, word: request.address == STATE and word == BLOWING,
    "result": lambda request, word: request.address == RESULT,
}


@pytest.mark.parametrize(
    ("late", "delay_s", "tries"),
    [("done", delay_s, 3) for delay_s in DELAYS_S]
    + [
        (late, delay_s, tries)
        for late in LATE
        for delay_s in (0.31, 0.9)
        for tries in (1, 3)
        if (late, tries) != ("done", 3)
    ],
)
def test_a_late_answer_is_never_another_questions_value(tmp_path: Path, late: str, delay_s: float, tries: int) -> None:
    with pty_peer(tmp_path, BreathUnit(LATE[late], delay_s).answer) as peer:
        try:
            values, raw = measured(tmp_path, peer, tries)
        except DeviceError as error:
            assert delay_s > 0.2, error  # noqa: PT017 (an error is right for a late answer, and for no other)
            return
    assert values == {"breath_alcohol_mg_per_l": 0.85}
    assert raw.hex(" ") == "01 03 02 00 55 78 7b"


@pytest.mark.parametrize("delay_s", [0.02, 0.31, 0.35, 0.59, 0.9])
def test_a_late_state_is_never_an_error_number(tmp_path: Path, delay_s: float) -> None:
    unit = BreathUnit(lambda request, word: request.address == STATE and word == FAILED, delay_s, end=FAILED)
    with pty_peer(tmp_path, unit.answer) as peer, pytest.raises(DeviceError) as caught:
        measured(tmp_path, peer, 3)
    assert caught.value.code in ("blow_interrupted", "no_response", "frame")


@pytest.mark.parametrize("delay_s", [0.12, 0.25, 0.35, 0.9])
@pytest.mark.parametrize("units", [(1, 1), (1, 2)])
def test_a_bus_binds_a_late_answer_to_nobody(tmp_path: Path, units: tuple[int, int], delay_s: float) -> None:
    """The first question times out, unless the machine is slow; the second one must not be answered by its answer."""

    def answer(request: Request) -> Said:
        return [(delay_s if request.number == 1 else SOON_S, request.registers(request.address))]

    with pty_peer(tmp_path, answer) as peer:
        bus = ModbusBus(peer.port, LineSettings())
        for unit, address in zip(units, (0x11, 0x20), strict=True):
            try:
                assert bus.read_registers(unit, address, 1, timeout_s=0.1).registers == (address,)
            except (FrameError, NoResponse):
                continue
        bus.close()


def test_a_line_that_is_one_answer_behind_gives_no_value(tmp_path: Path) -> None:
    """Each read is the result of the one before: a unit whose every answer takes longer than two time-outs."""

    def answer(request: Request) -> Said:
        return [(0.25, request.registers(request.address))]

    with pty_peer(tmp_path, answer) as peer:
        bus = ModbusBus(peer.port, LineSettings())
        for address in (0x11, 0x20, 0x21, 0x11, 0x20):
            try:
                assert bus.read_registers(1, address, 1, timeout_s=0.1).registers == (address,)
            except (FrameError, NoResponse):
                continue
        bus.close()


ASKED = [(0x000B, 7, 3), (0x9C42, 2, 3), (0x0304, 1, 3), (0x03E8, 1, 4), (0x0200, 1, 3), (0x0401, 2, 3)]
WORDS = (368, 360, 367, 366, 366, 281, 0)


def echoing(mode: str) -> Callable[[Request], Said]:
    def answer(request: Request) -> Said:
        told = request.registers(*WORDS[: request.count]) if request.function != 6 else request.raw
        match mode:
            case "only":
                return [(0, request.raw)]
            case "gap":
                return [(0, request.raw), (0.05, told)]
            case "glued":
                return [(0, request.raw + told)]
            case _:
                return [(0, request.raw[-3:] + told)]

    return answer


@pytest.mark.parametrize("mode", ["only", "gap", "glued", "part"])
@pytest.mark.parametrize(("address", "count", "function"), ASKED)
def test_what_we_sent_is_never_what_was_said(
    tmp_path: Path, mode: str, address: int, count: int, function: int
) -> None:
    with pty_peer(tmp_path, echoing(mode)) as peer:
        bus = ModbusBus(peer.port, LineSettings())
        if mode == "only":
            with pytest.raises(NoResponse):
                bus.read_registers(1, address, count, function=function, timeout_s=0.2)
        else:
            block = bus.read_registers(1, address, count, function=function, timeout_s=2.0)
            assert block.registers == WORDS[:count]
            assert block.reply == peer.requests[0].registers(*WORDS[:count])
        bus.close()


@pytest.mark.parametrize("read_before", [False, True])
@pytest.mark.parametrize("settings", [LineSettings(), LineSettings(echo=True)])
def test_an_echo_confirms_no_write(tmp_path: Path, settings: LineSettings, read_before: bool) -> None:
    with pty_peer(tmp_path, echoing("only")) as peer:
        bus = ModbusBus(peer.port, settings)
        if read_before:
            with pytest.raises(NoResponse):
                bus.read_registers(1, 0x10, 1, timeout_s=0.1)
        with pytest.raises((NoResponse, FrameError)):
            bus.write_register(1, 0x10, 5, timeout_s=0.1)
        bus.close()


@pytest.mark.parametrize("mode", ["gap", "glued"])
def test_a_write_counts_when_echo_and_answer_came(tmp_path: Path, mode: str) -> None:
    with pty_peer(tmp_path, echoing(mode)) as peer:
        bus = ModbusBus(peer.port, LineSettings())
        bus.write_register(1, 0x10, 5, timeout_s=2.0)
        assert [request.function for request in peer.requests] == [6]
        bus.close()


def test_a_write_whose_answer_an_echo_hides_is_read_back(tmp_path: Path) -> None:
    """The line gives back the end of what is sent, so one copy alone might be either."""
    stands = 5

    def answer(request: Request) -> Said:
        told = request.raw if request.function == 6 else request.registers(stands)
        return [(0, request.raw[-3:] + told)]

    with pty_peer(tmp_path, answer) as peer:
        bus = ModbusBus(peer.port, LineSettings())
        bus.write_register(1, 0x10, 5, timeout_s=HEARD_WITHIN_S)
        stands = 0
        with pytest.raises(FrameError):
            bus.write_register(1, 0x10, 5, timeout_s=HEARD_WITHIN_S)
        bus.close()


def test_a_line_without_echo_writes_at_once(tmp_path: Path) -> None:
    def answer(request: Request) -> Said:
        return [(0, request.raw if request.function == 6 else request.registers(7))]

    with pty_peer(tmp_path, answer) as peer:
        bus = ModbusBus(peer.port, LineSettings())
        bus.read_registers(1, 0x10, 1, timeout_s=2.0)
        bus.write_register(1, 0x10, 5, timeout_s=2.0)
        assert [request.function for request in peer.requests] == [3, 6]
        bus.close()


FOREIGN: dict[str, Callable[[Request], bytes]] = {
    "another unit": lambda request: request.registers(85, unit=2),
    "another function": lambda request: request.reply(b"\x04\x02\x00\x55"),
    "too few registers": lambda request: request.reply(b"\x03\x00"),
    "too many registers": lambda request: request.registers(85, 86),
    "a write": lambda request: request.reply(b"\x06\x00\x20\x00\x55"),
    "another exception": lambda request: request.reply(b"\x84\x02"),
    "an odd size": lambda request: request.reply(b"\x03\x03\x00\x55\x00"),
}


@pytest.mark.parametrize("kind", ["pty", "tcp", "rtu over tcp"])
@pytest.mark.parametrize("foreign", FOREIGN)
def test_an_answer_to_something_else_is_refused(tmp_path: Path, kind: str, foreign: str) -> None:
    def answer(request: Request) -> Said:
        return [(SOON_S, FOREIGN[foreign](request))]

    with pty_peer(tmp_path, answer) if kind == "pty" else tcp_peer(answer, rtu=kind != "tcp") as peer:
        bus = ModbusBus(peer.port, LineSettings())
        with pytest.raises(FrameError):
            bus.read_registers(1, 0x20, 1, timeout_s=HEARD_WITHIN_S)
        bus.close()


@pytest.mark.parametrize("kind", ["pty", "tcp"])
@pytest.mark.parametrize("foreign", ["another function", "too many registers", "a write"])
def test_the_raw_bytes_are_the_values_own(tmp_path: Path, kind: str, foreign: str) -> None:
    """A frame of another shape stands in front; what is taken, if anything is, is the answer and its very bytes."""

    def answer(request: Request) -> Said:
        return [(SOON_S, FOREIGN[foreign](request) + request.registers(85))]

    with pty_peer(tmp_path, answer) if kind == "pty" else tcp_peer(answer) as peer:
        bus = ModbusBus(peer.port, LineSettings())
        try:
            block = bus.read_registers(1, 0x20, 1, timeout_s=HEARD_WITHIN_S)
        except FrameError:
            return
        finally:
            bus.close()
        assert block.registers == (85,)
        assert block.reply == peer.requests[0].registers(85)


def test_two_different_answers_to_one_question_are_nobodys(tmp_path: Path) -> None:
    with pty_peer(tmp_path, lambda request: [(0, request.registers(4) + request.registers(85))]) as peer:
        bus = ModbusBus(peer.port, LineSettings())
        with pytest.raises(FrameError, match="several"):
            bus.read_registers(1, 0x20, 1, timeout_s=HEARD_WITHIN_S)
        bus.close()


NOISE = [b"\x00", b"\xff", b"\x01", b"\x01\x03", b"\x01\x03\xfe", b"\xff\xff\x00", b"\x5a\xa5" * 40, b"\x01\x83\x02"]


@pytest.mark.parametrize("kind", ["pty", "tcp", "rtu over tcp"])
@pytest.mark.parametrize("noise", NOISE)
def test_noise_in_front_of_a_good_frame(tmp_path: Path, kind: str, noise: bytes) -> None:
    def answer(request: Request) -> Said:
        return [(SOON_S, noise + request.registers(*WORDS))]

    with pty_peer(tmp_path, answer) if kind == "pty" else tcp_peer(answer, rtu=kind != "tcp") as peer:
        bus = ModbusBus(peer.port, LineSettings())
        for _ in range(3):
            block = bus.read_registers(1, 0x0B, 7, timeout_s=2.0)
            assert block.registers == WORDS
            assert block.reply == peer.requests[-1].registers(*WORDS)
        bus.close()


def test_a_gateway_that_gives_no_transaction_number_back_is_named() -> None:
    def answer(request: Request) -> Said:
        return [(0, b"\0\0" + request.registers(85)[2:])]

    with tcp_peer(answer) as peer:
        bus = ModbusBus(peer.port, LineSettings())
        with pytest.raises(FrameError, match="transaction number"):
            bus.read_registers(1, 0x20, 1, timeout_s=HEARD_WITHIN_S)
        bus.close()


def test_a_late_answer_over_tcp_is_told_by_its_number() -> None:
    def answer(request: Request) -> Said:
        return [(0.3 if request.number == 1 else 0.0, request.registers(request.address))]

    with tcp_peer(answer) as peer:
        bus = ModbusBus(peer.port, LineSettings())
        with pytest.raises(NoResponse):
            bus.read_registers(1, 0x11, 1, timeout_s=0.1)
        assert bus.read_registers(1, 0x20, 1, timeout_s=2.0).registers == (0x20,)
        bus.close()


@pytest.mark.parametrize("code", [5, 6, 10, 11])
def test_a_passing_exception_is_asked_over(tmp_path: Path, code: int) -> None:
    unit = BreathUnit(lambda request, word: False, 0.0)

    def answer(request: Request) -> Said:
        if request.number in (2, 5) and request.function != 6:
            return [(0, request.exception(code))]
        return unit.answer(request)

    with pty_peer(tmp_path, answer) as peer:
        assert measured(tmp_path, peer, 3)[0] == {"breath_alcohol_mg_per_l": 0.85}


def test_a_busy_unit_is_left_alone_for_a_moment(tmp_path: Path) -> None:
    """Asked over at once, three tries would be over before it has come to rest."""
    rests_at_s = 0.0

    def answer(request: Request) -> Said:
        nonlocal rests_at_s
        rests_at_s = rests_at_s or time.monotonic() + 0.15
        return [(0, request.registers(7) if time.monotonic() > rests_at_s else request.exception(6))]

    with pty_peer(tmp_path, answer) as peer:
        bus = ModbusBus(peer.port, LineSettings())
        for tries_left in (2, 1, 0):
            try:
                assert bus.read_registers(1, 0x20, 1, timeout_s=2.0).registers == (7,)
                break
            except DeviceFault:
                assert tries_left
        bus.close()


@pytest.mark.parametrize(
    ("code", "kind", "act", "asked"),
    [
        (1, DeviceFault, "service", 1),
        (2, DeviceFault, "service", 1),
        (4, DeviceFault, "service", 1),
        (5, DeviceFault, "worker", 3),
        (6, DeviceFault, "worker", 3),
        (10, NoResponse, "service", 3),
        (11, NoResponse, "service", 3),
    ],
)
def test_what_an_exception_that_stays_means(
    tmp_path: Path, code: int, kind: type[DeviceError], act: str, asked: int
) -> None:
    with pty_peer(tmp_path, lambda request: [(0, request.exception(code))]) as peer:
        with pytest.raises(kind) as caught:
            measured(tmp_path, peer, 3)
        assert (caught.value.code, caught.value.act) == (f"modbus_{code}", act)
        assert len(peer.requests) == asked


def test_decode_finds_the_same_frame_in_the_same_noise() -> None:
    """One parser for the line and for captures."""
    codec = attach([DeviceConfig(id="a", driver="calex_pyrominibus", measures=Measures.TEMPERATURE, port="/dev/none")])[
        0
    ].spec.make_codec({"block": "0", "session": "yes"})
    request = Request(b"", b"\x03\x00\x00\x00\x01", 1, 1)
    for noise in NOISE:
        found = [*codec.feed(noise + request.registers(17)), *codec.close()]
        assert [finding.state for finding in found if isinstance(finding, StateSeen)] == ["identity"], noise


@pytest.mark.parametrize("wrong", [2, 3])  # the first question for the result register identifies the unit
def test_a_result_is_read_until_two_answers_agree(tmp_path: Path, wrong: int) -> None:
    """A unit that answers one question for its result with a state."""
    unit = BreathUnit(lambda request, word: False, 0.0)
    asked_for_result = 0

    def answer(request: Request) -> Said:
        nonlocal asked_for_result
        if request.function != 6 and request.address == RESULT:
            asked_for_result += 1
            if asked_for_result == wrong:
                return [(0, request.registers(DONE))]
        return unit.answer(request)

    with pty_peer(tmp_path, answer) as peer:
        assert measured(tmp_path, peer, 3)[0] == {"breath_alcohol_mg_per_l": 0.85}
