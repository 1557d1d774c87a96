"""Winsen ZE29A: golden frames, units that are never converted silently, and breaths into the simulated module."""

import pytest

from drivers.config import ConfigError
from drivers.devices.winsen_ze29a import SPEC, request
from drivers.errors import Cancelled, DeviceFault, FrameError, NoResponse, StaleReading
from drivers.findings import FaultSeen, FrameBroken, MeasurementFound, Rejected, StateSeen
from drivers.model import Act
from drivers.spec import LineSettings
from simulators.winsen_ze29a import WinsenZe29a
from tests.unit.drivers.virtual_line import (
    ModelLine,
    ScriptedLine,
    decode,
    identify,
    in_scenario,
    instrument,
    kinds,
    measure,
    values_of,
)

GOLDEN = bytes.fromhex("FF8600230000000156")
ZERO = bytes.fromhex("FF860000000000007A")
STATES = {
    "FF853100000000004A": "idle",
    "FF8532000000000049": "warming",
    "FF8533000000000048": "waiting_for_breath",
    "FF8534000000000047": "blowing",
    "FF8536000000000045": "analysing",
    "FF8537000000000044": "result_ready",
    "FF8701000000000078": "command_accepted",
}
GO_IDLE = bytes.fromhex("FF0187310000000047")


def test_golden_results_stay_the_devices_own_number() -> None:
    (found,) = decode(SPEC, GOLDEN)
    assert isinstance(found, MeasurementFound)
    assert found.reading.values == {"breath_alcohol_raw": 35, "unit": "mg/100mL"}
    assert found.reading.details == {"own_number": 35, "alarm_level": 1, "scale": 1.0}
    assert found.reading.raw == GOLDEN
    assert values_of(decode(SPEC, ZERO)) == [{"breath_alcohol_raw": 0, "unit": "mg/100mL"}]


@pytest.mark.parametrize(
    ("options", "values"),
    [
        ({"unit": "ug/L"}, {"breath_alcohol_raw": 35, "unit": "ug/L"}),
        ({"unit": "mg/L", "scale": "0.001"}, {"breath_alcohol_mg_per_l": 0.035}),
        ({"unit": "mg/100mL", "scale": "0.5"}, {"breath_alcohol_raw": 17.5, "unit": "mg/100mL"}),
    ],
)
def test_the_configuration_says_what_the_number_is(options: dict[str, str], values: dict[str, object]) -> None:
    assert values_of(decode(SPEC, GOLDEN, **options)) == [values]


@pytest.mark.parametrize(("frame", "state"), STATES.items())
def test_printed_states(frame: str, state: str) -> None:
    assert decode(SPEC, bytes.fromhex(frame)) == [StateSeen(state)]


def test_interrupted_breath_is_a_fault() -> None:
    assert decode(SPEC, bytes.fromhex("FF8535000000000046")) == [
        FaultSeen("35", "the breath was interrupted: blow longer, without a pause", Act.WORKER)
    ]


def reply(*body: int) -> bytes:
    filled = [*body, *[0] * (7 - len(body))]
    return bytes([0xFF, *filled, -sum(filled) & 0xFF])


def test_refused_and_undocumented_replies() -> None:
    assert kinds(decode(SPEC, reply(0x87, 0))) == ["fault"]
    assert decode(SPEC, reply(0x85, 0x38)) == [Rejected("undocumented state 38")]
    for setting in (0x88, 0x89, 0x90, 0x91, 0x92, 0x93):
        assert decode(SPEC, reply(setting, 5)) == [StateSeen("settings")]


def test_the_alarm_level_is_a_second_check() -> None:
    for number, level in ((0, 0), (19, 0), (20, 1), (79, 1), (80, 2), (400, 2)):
        right = reply(0x86, number >> 8, number & 0xFF, 0, 0, 0, level)
        assert values_of(decode(SPEC, right)) == [{"breath_alcohol_raw": number, "unit": "mg/100mL"}]
        for other in {0, 1, 2, 3} - {level}:
            wrong = reply(0x86, number >> 8, number & 0xFF, 0, 0, 0, other)
            assert kinds(decode(SPEC, wrong)) == ["frame_error"]
            assert kinds(decode(SPEC, wrong, thresholds="any")) == ["frame_error" if other == 3 else "measurement"]


def test_bytes_that_must_be_zero_and_numbers_that_cannot_be() -> None:
    assert kinds(decode(SPEC, reply(0x86, 0, 35, 1, 0, 0, 1))) == ["frame_error"]
    assert kinds(decode(SPEC, reply(0x86, 0x7A, 0, 0, 0, 0, 2))) == ["frame_error"]


@pytest.mark.parametrize("place", range(9))
@pytest.mark.parametrize("flip", [0x01, 0x80, 0xFF])
def test_any_changed_byte_is_noticed(place: int, flip: int) -> None:
    spoilt = bytearray(GOLDEN)
    spoilt[place] ^= flip
    assert set(kinds(decode(SPEC, bytes(spoilt)))) == {"frame_error"}


def test_wrong_checksum_is_named() -> None:
    (found,) = decode(SPEC, GOLDEN[:-1] + b"\x57")
    assert isinstance(found, FrameBroken)
    assert "checksum" in found.reason


@pytest.mark.parametrize("lost", range(9))
def test_a_lost_byte_does_not_cost_the_next_frame(lost: int) -> None:
    assert kinds(decode(SPEC, GOLDEN[:lost] + GOLDEN[lost + 1 :] + GOLDEN)) == ["frame_error", "measurement"]


def test_garbage_echo_and_doubles() -> None:
    assert kinds(decode(SPEC, request(0x86) + GOLDEN + GOLDEN)) == ["frame_error", "measurement", "measurement"]


def test_an_unasked_result_is_refused() -> None:
    assert kinds(decode(SPEC, GOLDEN, session="no")) == ["rejected"]


def test_line_settings_and_printed_requests() -> None:
    assert SPEC.line == LineSettings(9600, 8, "N", 1)
    assert request(0x85) == bytes.fromhex("FF018500000000007A")
    assert request(0x86) == bytes.fromhex("FF0186000000000079")
    assert request(0x87, 0x32) == bytes.fromhex("FF0187320000000046")
    assert request(0x87, 0x31) == GO_IDLE


@pytest.mark.parametrize(("name", "number"), [("normal", 0), ("high", 86), ("low_alcohol", 12)])
def test_measures_a_breath_and_goes_back_to_idle(name: str, number: int) -> None:
    model = in_scenario(WinsenZe29a(), name)
    line = ModelLine(model, chunk=4)
    reading, run = measure(SPEC, line)
    assert reading.values == {"breath_alcohol_raw": number, "unit": "mg/100mL"}
    for state in ("warming", "waiting_for_breath", "blowing", "analysing"):
        assert state in run.states
    assert line.sent.endswith(GO_IDLE)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("interrupted", DeviceFault),
        ("nobody_blows", DeviceFault),
        ("refused", DeviceFault),
        ("stuck", DeviceFault),
        ("silence", NoResponse),
        ("corrupted", FrameError),
        ("result_at_once", StaleReading),
    ],
)
def test_every_bad_situation_has_its_own_error(name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        measure(SPEC, ModelLine(in_scenario(WinsenZe29a(), name)))


def test_the_worker_may_try_again_after_a_short_breath() -> None:
    line = ModelLine(in_scenario(WinsenZe29a(), "retry"))
    with pytest.raises(DeviceFault) as caught:
        measure(SPEC, line)
    assert (caught.value.code, caught.value.act) == ("35", Act.WORKER)
    assert measure(SPEC, line)[0].values["breath_alcohol_raw"] == 0


def test_the_result_of_the_one_before_is_cleared_first() -> None:
    reading, _ = measure(SPEC, ModelLine(in_scenario(WinsenZe29a(), "stale_memory")))
    assert reading.values["breath_alcohol_raw"] == 0


def test_a_module_that_never_comes_to_rest_is_named() -> None:
    class Busy(ScriptedLine):
        def write(self, data: bytes) -> None:
            self.waiting += bytes.fromhex("FF8534000000000047")

    with pytest.raises(DeviceFault, match="never becomes idle"):
        measure(SPEC, Busy())


def test_a_result_that_never_comes_is_explained() -> None:
    class NoResult(ModelLine):
        def write(self, data: bytes) -> None:
            if data[2] != 0x86:
                super().write(data)

    with pytest.raises(DeviceFault):
        measure(SPEC, NoResult(WinsenZe29a()))


def test_another_answer_than_the_result_is_not_the_result() -> None:
    class Confused(ModelLine):
        def write(self, data: bytes) -> None:
            super().write(request(0x85) if data[2] == 0x86 else data)

    with pytest.raises(DeviceFault, match="result_ready"):
        measure(SPEC, Confused(WinsenZe29a()))


def test_cancelled_midway_sends_it_back() -> None:
    line = ModelLine(WinsenZe29a())
    with pytest.raises(Cancelled):
        measure(SPEC, line, cancel_at="waiting_for_breath")
    assert line.sent.endswith(GO_IDLE)


def test_identity_never_starts() -> None:
    model = WinsenZe29a()
    line = ModelLine(model)
    assert not identify(SPEC, line).medical_device
    assert line.sent == request(0x85)
    assert model.state == 0x31
    with pytest.raises(NoResponse):
        identify(SPEC, ModelLine(WinsenZe29a(silent=True)))


@pytest.mark.parametrize("scale", ["0", "-1", "x", "inf"])
def test_a_wrong_scale_is_named(scale: str) -> None:
    with pytest.raises(ConfigError, match="scale"):
        instrument(SPEC, ModelLine(WinsenZe29a()), scale=scale)
