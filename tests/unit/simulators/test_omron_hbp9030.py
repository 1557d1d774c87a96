"""The simulated Omron against the printed record layouts."""

from datetime import UTC, datetime

from simulators.model import apply_scenario
from simulators.omron_hbp9030 import OmronHbp9030


def lived(model: OmronHbp9030, seconds: float) -> bytes:
    sent = b""
    for _ in range(round(seconds / 0.05)):
        model.tick(0.05)
        sent += model.transmit()
    return sent


def test_printed_record() -> None:
    model = OmronHbp9030(systolic_mmhg=120, diastolic_mmhg=80, pulse_bpm=72, subject="12345678901234567890")
    assert model.line() == b"2026,07,11,09,05,12345678901234567890,0,120,080,072,0\r\n"
    assert len(model.line()) == 55


def test_an_error_blanks_the_numbers() -> None:
    model = OmronHbp9030(error="1")
    assert model.line() == b"2026,07,11,09,05," + b" " * 20 + b",1,   ,   ,   ,0\r\n"


def test_printed_9020_line() -> None:
    model = OmronHbp9030(systolic_mmhg=140, diastolic_mmhg=77, pulse_bpm=68, error="3", subject="9" * 20)
    apply_scenario(model, "normal")
    model.systolic_mmhg, model.diastolic_mmhg, model.pulse_bpm, model.error = 140, 77, 68, "3"
    model.output_format = 9020
    model.clock = datetime(2023, 4, 27, 15, 6, tzinfo=UTC)
    assert model.line() == b"bp,99999999999999999999,2023/04/27,15:06,140,098,077,068,3\r\n"


def test_one_line_after_each_measurement_and_a_later_clock() -> None:
    lines = lived(OmronHbp9030(), 110.0).splitlines()
    assert len(lines) == 3
    assert len({line[:16] for line in lines}) == 3


def test_memory_resends_the_same_line() -> None:
    model = OmronHbp9030()
    apply_scenario(model, "stale_memory")
    lines = lived(model, 110.0).splitlines()
    assert len(lines) == 3
    assert len(set(lines)) == 1


def test_it_has_no_commands() -> None:
    model = OmronHbp9030()
    model.receive(b"ST\r\n")
    assert model.transmit() == b""
