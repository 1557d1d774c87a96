"""SunTech Advantage: golden frames, every error code, and cycles with the simulated module."""

import pytest

from drivers.config import ConfigError
from drivers.devices.suntech_advantage import SPEC, host_frame
from drivers.errors import Cancelled, DeviceFault, FrameError, NoResponse
from drivers.findings import FaultSeen, MeasurementFound, Rejected, StateSeen
from drivers.spec import LineSettings
from simulators.suntech_advantage import SuntechAdvantage, checked
from tests.unit.drivers.virtual_line import (
    ModelLine,
    decode,
    identify,
    in_scenario,
    instrument,
    kinds,
    measure,
)

GOLDEN = bytes.fromhex("3E18780050000000000000000000000048005D000000003D")
LEAK = bytes.fromhex("3E18" + "00" * 18 + "57000053")
ABORT = bytes.fromhex("3A7901004C")


def test_golden_result() -> None:
    (found,) = decode(SPEC, GOLDEN)
    assert isinstance(found, MeasurementFound)
    assert found.reading.values == {"systolic_mmhg": 120, "diastolic_mmhg": 80, "mean_mmhg": 93, "pulse_bpm": 72}
    assert found.reading.raw == GOLDEN


def test_printed_leak() -> None:
    (found,) = decode(SPEC, LEAK)
    assert isinstance(found, FaultSeen)
    assert (found.code, str(found.act)) == ("57", "worker")


@pytest.mark.parametrize(
    ("frame", "found"),
    [
        ("3E044F6F", StateSeen("accepted")),
        ("3E044B73", StateSeen("done")),
        ("3E04417D", StateSeen("aborted")),
        ("3E04427C", StateSeen("busy")),
        ("3E04536B", StateSeen("asleep")),
        ("3E050201BA", StateSeen("inflating", {"cuff_mmhg": 258})),
        ("3E05B40009", StateSeen("inflating", {"cuff_mmhg": 180})),
        ("3E05FFFFBF", StateSeen("inflating")),
    ],
)
def test_printed_answers(frame: str, found: object) -> None:
    assert decode(SPEC, bytes.fromhex(frame)) == [found]


@pytest.mark.parametrize("frame", ["3E044579", "3E044E70", "3E04447A", "3E04546A"])
def test_printed_refusals(frame: str) -> None:
    (found,) = decode(SPEC, bytes.fromhex(frame))
    assert isinstance(found, FaultSeen)
    assert found.code == chr(bytes.fromhex(frame)[2])


WORKER_CODES = (0x01, 0x02, 0x03, 0x04, 0x55, 0x56, 0x57, 0x58, 0x59)


@pytest.mark.parametrize("code", range(1, 256))
def test_no_error_code_comes_with_numbers(code: int) -> None:
    frame = checked(GOLDEN[:20] + bytes([code]) + GOLDEN[21:23])
    (found,) = decode(SPEC, frame)
    assert isinstance(found, FaultSeen)
    assert found.code == f"{code:02X}"
    assert str(found.act) == ("worker" if code in WORKER_CODES else "service")


def result(systolic: int, diastolic: int, pulse: int = 72, mean: int = 0) -> bytes:
    words = [systolic, diastolic, 0, 0, 0, 0, 0, pulse, mean]
    return checked(b"\x3e\x18" + b"".join(word.to_bytes(2, "little") for word in words) + bytes(3))


def test_results_without_use_are_refused() -> None:
    assert kinds(decode(SPEC, result(0, 0, 0))) == ["rejected"]
    assert kinds(decode(SPEC, result(80, 120))) == ["rejected"]
    assert kinds(decode(SPEC, result(320, 120))) == ["rejected"]
    assert kinds(decode(SPEC, result(120, 80, mean=130))) == ["rejected"]
    assert kinds(decode(SPEC, result(120, 80, pulse=0x4800))) == ["rejected"]


def test_missing_mean_and_pulse_are_absent() -> None:
    (found,) = decode(SPEC, result(120, 80, pulse=0))
    assert isinstance(found, MeasurementFound)
    assert found.reading.values == {"systolic_mmhg": 120, "diastolic_mmhg": 80}


def test_other_frames() -> None:
    assert decode(SPEC, checked(b"\x3e\x08ABCDE")) == [StateSeen("module_information")]
    assert decode(SPEC, checked(b"\x3e\x04Z")) == [Rejected("undocumented answer 5A")]


@pytest.mark.parametrize("place", range(24))
@pytest.mark.parametrize("flip", [0x01, 0x80, 0xFF])
def test_any_changed_byte_is_noticed(place: int, flip: int) -> None:
    spoilt = bytearray(GOLDEN)
    spoilt[place] ^= flip
    assert "measurement" not in kinds(decode(SPEC, bytes(spoilt)))
    assert "frame_error" in kinds(decode(SPEC, bytes(spoilt)))


@pytest.mark.parametrize("lost", range(24))
def test_a_lost_byte_does_not_cost_the_next_frame(lost: int) -> None:
    found = kinds(decode(SPEC, GOLDEN[:lost] + GOLDEN[lost + 1 :] + GOLDEN))
    assert found[-1] == "measurement"
    assert found.count("measurement") == 1


def test_garbage_and_doubles() -> None:
    assert kinds(decode(SPEC, b"\x00\x3e\xff\x3a" + GOLDEN + GOLDEN)) == ["frame_error", "measurement", "measurement"]


def test_an_unasked_result_is_refused() -> None:
    assert kinds(decode(SPEC, GOLDEN, session="no")) == ["rejected"]


def test_line_settings_and_printed_commands() -> None:
    assert SPEC.line == LineSettings(9600, 8, "N", 1)
    printed = {
        b"\x20": "3A20A6", b"\x87": "3A873F", b"\x28": "3A289E", b"\x79\x01\x00": "3A7901004C",
        b"\x79\x03\x00": "3A7903004A", b"\x79\x05\x00": "3A79050048", b"\x17\xa0\x00": "3A17A0000F",
    }  # fmt: skip
    for content, frame in printed.items():
        assert host_frame(content) == bytes.fromhex(frame)


@pytest.mark.parametrize(("name", "systolic"), [("normal", 122), ("high", 168), ("asleep", 122)])
def test_measures_and_shows_the_cuff(name: str, systolic: int) -> None:
    line = ModelLine(in_scenario(SuntechAdvantage(), name), chunk=3)
    reading, run = measure(SPEC, line, timeout_s=180.0)
    assert reading.values["systolic_mmhg"] == systolic
    shown = [float(progress.details["cuff_mmhg"]) for progress in run.reported if "cuff_mmhg" in progress.details]
    assert max(shown) > 150
    assert ABORT not in line.sent


def test_options_choose_patient_and_target() -> None:
    model = SuntechAdvantage()
    line = ModelLine(model)
    measure(SPEC, line, patient="paediatric", first_target_mmhg="180")
    assert model.target_mmhg == 180
    assert line.sent.startswith(bytes.fromhex("3A17B400FB") + bytes.fromhex("3A873F"))


FAULTS = [
    name
    for name, fields in SuntechAdvantage.SCENARIOS.items()
    if fields.keys() & {"error", "answer_to_start", "aborts_at_s", "holds_mmhg"}
]


@pytest.mark.parametrize("name", FAULTS)
def test_every_device_error_stops_the_cuff(name: str) -> None:
    model = in_scenario(SuntechAdvantage(), name)
    line = ModelLine(model)
    with pytest.raises(DeviceFault):
        measure(SPEC, line, timeout_s=200.0)
    assert line.sent.endswith(ABORT)
    assert isinstance(model, SuntechAdvantage)
    assert not model.working


@pytest.mark.parametrize(("name", "error"), [("silence", NoResponse), ("corrupted", FrameError)])
def test_a_bad_line_has_its_own_error(name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        measure(SPEC, ModelLine(in_scenario(SuntechAdvantage(), name)))


def test_a_module_that_falls_silent_midway() -> None:
    model = SuntechAdvantage()

    class Dying(ModelLine):
        def read(self, size: int = 256) -> bytes:
            model.silent = self.clock.now_s > 5.0
            return super().read(size)

    with pytest.raises(DeviceFault, match="inflating"):
        measure(SPEC, Dying(model))


@pytest.mark.parametrize("letter", ["E", "T"])
def test_an_error_in_the_middle_stops_the_cuff(letter: str) -> None:
    model = SuntechAdvantage()

    class Failing(ModelLine):
        def read(self, size: int = 256) -> bytes:
            if 5.0 < self.clock.now_s < 5.2:
                model.letter(letter)
            return super().read(size)

    line = Failing(model)
    with pytest.raises(DeviceFault) as caught:
        measure(SPEC, line)
    assert caught.value.code == letter
    assert line.sent.endswith(ABORT)


def test_a_poll_that_noise_has_changed_is_no_error() -> None:
    model = SuntechAdvantage()

    class Noisy(ModelLine):
        def write(self, data: bytes) -> None:
            spoilt = 5.0 < self.clock.now_s < 6.0 and data == bytes.fromhex("3A79050048")
            super().write(data[:-1] + b"\x00" if spoilt else data)

    assert measure(SPEC, Noisy(model))[0].values["systolic_mmhg"] == 122


def test_the_result_of_the_one_before_is_not_taken() -> None:
    reading, _ = measure(SPEC, ModelLine(in_scenario(SuntechAdvantage(), "stale_memory")), timeout_s=180.0)
    assert reading.values["systolic_mmhg"] == 122


def test_a_result_that_never_comes_is_explained() -> None:
    class NoResult(ModelLine):
        def write(self, data: bytes) -> None:
            if data != bytes.fromhex("3A7903004A"):
                super().write(data)

    with pytest.raises(DeviceFault):
        measure(SPEC, NoResult(SuntechAdvantage()), timeout_s=180.0)


def test_cancelled_midway_stops_the_cuff() -> None:
    model = SuntechAdvantage()
    line = ModelLine(model)
    with pytest.raises(Cancelled):
        measure(SPEC, line, cancel_at="inflating")
    assert line.sent.endswith(ABORT)
    assert not model.working


def test_identity_never_starts() -> None:
    model = SuntechAdvantage()
    line = ModelLine(model)
    assert identify(SPEC, line).maker == "SunTech"
    assert line.sent == bytes.fromhex("3A79050048")
    assert not model.working
    with pytest.raises(NoResponse):
        identify(SPEC, ModelLine(SuntechAdvantage(silent=True)))


def test_a_wrong_option_is_named() -> None:
    with pytest.raises(ConfigError, match="first_target_mmhg"):
        instrument(SPEC, ModelLine(SuntechAdvantage()), first_target_mmhg="999")
