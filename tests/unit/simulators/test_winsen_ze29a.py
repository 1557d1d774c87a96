"""The simulated ZE29A against the printed requests and replies."""

import pytest

from simulators.model import apply_scenario
from simulators.winsen_ze29a import WinsenZe29a

ASK_STATE = bytes.fromhex("FF018500000000007A")
ASK_RESULT = bytes.fromhex("FF0186000000000079")
START = bytes.fromhex("FF0187320000000046")
IDLE = bytes.fromhex("FF0187310000000047")
ACCEPTED = bytes.fromhex("FF8701000000000078")
STATES = {
    0x31: "FF853100000000004A", 0x32: "FF8532000000000049", 0x33: "FF8533000000000048", 0x34: "FF8534000000000047",
    0x35: "FF8535000000000046", 0x36: "FF8536000000000045", 0x37: "FF8537000000000044",
}  # fmt: skip


def told(model: WinsenZe29a, request: bytes) -> bytes:
    model.receive(request)
    return model.transmit()


def live(model: WinsenZe29a, seconds: float) -> None:
    for _ in range(round(seconds / 0.05)):
        model.tick(0.05)


@pytest.mark.parametrize(("state", "reply"), STATES.items())
def test_printed_states(state: int, reply: str) -> None:
    assert told(WinsenZe29a(state=state), ASK_STATE) == bytes.fromhex(reply)


def test_printed_results() -> None:
    assert told(WinsenZe29a(shown=35), ASK_RESULT) == bytes.fromhex("FF8600230000000156")
    assert told(WinsenZe29a(), ASK_RESULT) == bytes.fromhex("FF860000000000007A")


def test_one_breath() -> None:
    model = WinsenZe29a(mg_per_100ml=86)
    assert told(model, START[:5]) == b""
    assert told(model, START[5:]) == ACCEPTED
    seen = []
    for _ in range(60):
        live(model, 0.5)
        seen.append(told(model, ASK_STATE)[2])
    assert list(dict.fromkeys(seen)) == [0x32, 0x33, 0x34, 0x36, 0x37]
    assert told(model, ASK_RESULT)[3] == 86
    assert told(model, IDLE) == ACCEPTED
    assert model.state == 0x31


def test_idle_is_allowed_from_idle_and_done_only() -> None:
    for state in STATES:
        accepted = told(WinsenZe29a(state=state), IDLE) == ACCEPTED
        assert accepted == (state in (0x31, 0x37))


@pytest.mark.parametrize(("scenario", "states"), [("interrupted", [0x35]), ("nobody_blows", [0x33, 0x31])])
def test_breaths_that_fail(scenario: str, states: list[int]) -> None:
    model = WinsenZe29a()
    apply_scenario(model, scenario)
    told(model, START)
    seen = []
    for _ in range(300):
        live(model, 0.2)
        seen.append(model.state)
    assert [state for state in dict.fromkeys(seen) if state in states] == states
    assert 0x37 not in seen


def test_requests_with_wrong_checksum_and_unknown_ones_are_ignored() -> None:
    assert told(WinsenZe29a(), ASK_STATE[:-1] + b"\x00") == b""
    assert told(WinsenZe29a(), bytes.fromhex("FF01AA000000000055")) == b""
    assert told(WinsenZe29a(silent=True), ASK_STATE) == b""
