"""The simulated SunTech module against the printed frames."""

import pytest

from simulators.suntech_advantage import SuntechAdvantage, checked

START = bytes.fromhex("3A20A6")
ABORT = bytes.fromhex("3A7901004C")
RESULT = bytes.fromhex("3A7903004A")
PRESSURE = bytes.fromhex("3A79050048")


def told(model: SuntechAdvantage, command: bytes) -> bytes:
    model.receive(command)
    return model.transmit()


def lived(model: SuntechAdvantage, seconds: float) -> bytes:
    sent = b""
    for _ in range(round(seconds / 0.05)):
        model.tick(0.05)
        sent += model.transmit()
    return sent


def test_printed_answers() -> None:
    letters = {"O": "3E044F6F", "K": "3E044B73", "A": "3E04417D", "B": "3E04427C", "E": "3E044579", "N": "3E044E70",
               "D": "3E04447A", "S": "3E04536B", "T": "3E04546A"}  # fmt: skip
    for letter, frame in letters.items():
        assert checked(b"\x3e\x04" + letter.encode()) == bytes.fromhex(frame)
    assert told(SuntechAdvantage(cuff_mmhg=180.0), PRESSURE) == bytes.fromhex("3E05B40009")
    assert told(SuntechAdvantage(cuff_mmhg=258.0), PRESSURE) == bytes.fromhex("3E050201BA")


def test_printed_results() -> None:
    model = SuntechAdvantage(stored=(120, 80, 72))
    assert told(model, RESULT) == bytes.fromhex("3E18780050" + "00" * 11 + "48005D000000003D")
    model = SuntechAdvantage(stored_error=0x57)
    assert told(model, RESULT) == bytes.fromhex("3E18" + "00" * 18 + "57000053")


@pytest.mark.parametrize("command", ["3A20A6", "3A873F", "3A289E"])
def test_one_measurement(command: str) -> None:
    model = SuntechAdvantage()
    assert told(model, bytes.fromhex(command)) == bytes.fromhex("3E044F6F")
    assert lived(model, 3.0) == b""
    assert model.cuff_mmhg > 70
    assert told(model, START) == bytes.fromhex("3E04427C")
    assert lived(model, 60.0) == bytes.fromhex("3E044B73")
    assert told(model, RESULT)[2:6] == bytes([122, 0, 78, 0])


def test_abort_answers_a_then_k_and_empties_the_cuff() -> None:
    model = SuntechAdvantage()
    told(model, START)
    lived(model, 3.0)
    assert told(model, ABORT) == bytes.fromhex("3E04417D3E044B73")
    assert (model.cuff_mmhg, model.working) == (0.0, False)


def test_commands_in_pieces_after_garbage_wrong_or_unknown() -> None:
    model = SuntechAdvantage()
    assert told(model, b"\x00\x01" + PRESSURE[:2]) == b""
    assert told(model, PRESSURE[2:]) == bytes.fromhex("3E050000BD")
    assert told(model, PRESSURE[:-1] + b"\x00") == bytes.fromhex("3E04447A")
    assert told(model, bytes.fromhex("3A7902400B")) == bytes.fromhex("3E044E70")


def test_target_sleep_and_error() -> None:
    model = SuntechAdvantage(asleep=True)
    assert told(model, bytes.fromhex("3A17B400FB")) == bytes.fromhex("3E04536B")
    assert told(model, bytes.fromhex("3A17B400FB")) == bytes.fromhex("3E044F6F")
    assert model.target_mmhg == 180
    model.error = 0x57
    told(model, START)
    lived(model, 60.0)
    assert told(model, RESULT)[20] == 0x57
