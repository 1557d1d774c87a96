"""ACCUNIQ BP-500: golden records, stored results that belong to somebody else, and the simulated monitor."""

import pytest

from drivers.devices.accuniq_bp500 import SPEC
from drivers.errors import Cancelled, DeviceFault, FrameError, NoResponse, WrongDevice
from drivers.findings import MeasurementFound, Rejected, StateSeen
from simulators.accuniq_bp500 import AccuniqBp500
from tests.unit.drivers.virtual_line import (
    ModelLine,
    VirtualDeadline,
    VirtualRun,
    decode,
    identify,
    in_scenario,
    instrument,
    kinds,
    measure,
    values_of,
)

GOLDEN = bytes.fromhex(
    "0252312C3030303030303030302C3231303432372C3135333030302C3132382C3039372C303832"
    "2C3038342C303030302C303030302C30303030302C30303003E6"
)
ENQ, ACK = bytes.fromhex("0205030A"), bytes.fromhex("0206030B")


def framed(text: bytes) -> bytes:
    body = b"\x02" + text + b"\x03"
    return body + bytes([sum(body) & 0xFF])


EMPTY = framed(b"R1,000000000,000000,000000,000,000,000,000,0000,0000,00000,000")
BP250 = framed(b"0042,26/07/11,09/05,131,103,089,066,0000")


def test_golden_record() -> None:
    (found,) = decode(SPEC, GOLDEN)
    assert isinstance(found, MeasurementFound)
    assert found.reading.values == {"systolic_mmhg": 128, "diastolic_mmhg": 82, "mean_mmhg": 97, "pulse_bpm": 84}
    assert found.reading.device_clock == "2021-04-27T15:30:00"


def test_all_zeros_mean_nothing_stored() -> None:
    assert EMPTY[-1] == 0x9C
    assert decode(SPEC, EMPTY) == [StateSeen("nothing_stored")]


def test_bp250_record_and_its_end() -> None:
    found = decode(SPEC, BP250 + framed(b"\x04"), dialect="bp250")
    assert values_of(found) == [{"systolic_mmhg": 131, "diastolic_mmhg": 89, "mean_mmhg": 103, "pulse_bpm": 66}]
    assert isinstance(found[0], MeasurementFound)
    assert found[0].reading.device_clock == "2026-07-11T09:05:00"
    assert found[1] == StateSeen("end_of_record")


def test_the_record_of_the_other_monitor_is_named() -> None:
    for frame, dialect in ((BP250, "bp500"), (GOLDEN, "bp250")):
        (found,) = decode(SPEC, frame, dialect=dialect)
        assert isinstance(found, Rejected)
        assert found.reason.startswith("wrong output format on the device")


def test_the_subject_is_blanked_out() -> None:
    text = b"R1,123456789,210427,153000,128,097,082,084,0000,0000,00000,000"
    (found,) = decode(SPEC, framed(text))
    assert isinstance(found, MeasurementFound)
    assert b"123456789" not in found.reading.raw
    assert found.reading.raw[4:13] == b" " * 9
    assert len(found.reading.raw) == 65


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (b"R1,000000000,210427,153000,082,097,128,084,0000,0000,00000,000", "rejected"),
        (b"R1,000000000,210427,153000,000,000,000,084,0000,0000,00000,000", "rejected"),
        (b"R1,000000000,210427,153000,128,197,082,084,0000,0000,00000,000", "rejected"),
        (b"R1,000000000,210427,153000,12x,097,082,084,0000,0000,00000,000", "frame_error"),
        (b"R1,000000000,210427,153000,128,097,082,084,0000,0000,00000", "frame_error"),
        (b"", "frame_error"),
        (b"\x05", "rejected"),
        (b"\x06", "rejected"),
        (b"V1.02", "state"),
    ],
)
def test_frames_that_are_no_result(text: bytes, kind: str) -> None:
    assert kinds(decode(SPEC, framed(text))) == [kind]


def test_an_impossible_clock_is_absent() -> None:
    (found,) = decode(SPEC, framed(b"R1,000000000,211327,153000,128,097,082,084,0000,0000,00000,000"))
    assert isinstance(found, MeasurementFound)
    assert found.reading.device_clock is None


@pytest.mark.parametrize("place", range(65))
@pytest.mark.parametrize("flip", [0x01, 0x80, 0x7F])
def test_any_changed_byte_is_noticed(place: int, flip: int) -> None:
    spoilt = bytearray(GOLDEN)
    spoilt[place] ^= flip
    assert "measurement" not in kinds(decode(SPEC, bytes(spoilt)))


@pytest.mark.parametrize("pulse", [b"059", b"004", b"064"])
def test_the_sum_may_have_any_value(pulse: bytes) -> None:
    sums = set()
    for last in range(256):
        text = b"R1,%09d,210427,153000,128,097,082,%s,0000,0000,00000,%03d" % (last * 7, pulse, last % 250)
        sums.add(framed(text)[-1])
        assert kinds(decode(SPEC, framed(text) + GOLDEN)) == ["measurement", "measurement"]
    assert sums & {0x02, 0x03}


@pytest.mark.parametrize("lost", range(65))
def test_a_lost_byte_does_not_cost_the_next_frame(lost: int) -> None:
    found = kinds(decode(SPEC, GOLDEN[:lost] + GOLDEN[lost + 1 :] + GOLDEN))
    assert found[0] == "frame_error"
    assert found.count("measurement") == 1 or lost == 64


def test_garbage_doubles_and_endless_text() -> None:
    assert kinds(decode(SPEC, b"\x00\xff\x02abc" + GOLDEN + GOLDEN)) == ["frame_error", "measurement", "measurement"]
    assert kinds(decode(SPEC, b"\x02" + b"A" * 5000 + GOLDEN)) == ["frame_error", "measurement"]


def test_an_unasked_result_is_refused() -> None:
    assert kinds(decode(SPEC, GOLDEN, session="no")) == ["rejected"]


@pytest.mark.parametrize(("name", "systolic"), [("normal", 122), ("high", 168)])
def test_measures_takes_and_deletes(name: str, systolic: int) -> None:
    model = in_scenario(AccuniqBp500(), name)
    line = ModelLine(model, chunk=9)
    reading, run = measure(SPEC, line)
    assert reading.values["systolic_mmhg"] == systolic
    assert "waiting_for_start" in run.states
    assert isinstance(model, AccuniqBp500)
    assert model.results == ()
    assert line.sent.endswith(ACK)


def test_measures_with_a_bp250() -> None:
    line = ModelLine(in_scenario(AccuniqBp500(), "bp250"))
    assert measure(SPEC, line, dialect="bp250")[0].values["systolic_mmhg"] == 122


def test_stored_results_belong_to_somebody_else() -> None:
    line = ModelLine(in_scenario(AccuniqBp500(), "stale_memory"))
    assert measure(SPEC, line)[0].values["systolic_mmhg"] == 122
    assert line.sent.startswith(ENQ + ACK + ENQ + ACK + ENQ)


def test_a_useless_record_does_not_block_the_next_one() -> None:
    model = AccuniqBp500(results=((80, 120, 70),))
    assert measure(SPEC, ModelLine(model))[0].values["systolic_mmhg"] == 122


def test_a_unit_that_is_silent_while_idle() -> None:
    model = in_scenario(AccuniqBp500(), "idle_silent")
    assert measure(SPEC, ModelLine(model), silent_when_idle="yes")[0].values["systolic_mmhg"] == 122
    assert identify(SPEC, ModelLine(model), silent_when_idle="yes").maker == "SELVAS"


def test_the_same_record_again_is_not_a_second_result() -> None:
    model = AccuniqBp500()
    line = ModelLine(model)

    class LosesAck(ModelLine):
        acks: int = 0

        def write(self, data: bytes) -> None:
            self.acks += data == ACK
            if data != ACK or self.acks > 1:
                super().write(data)

    line = LosesAck(model)
    monitor = instrument(SPEC, line)
    first = monitor.measure(VirtualRun(VirtualDeadline(line.clock, 120.0)))
    model.systolic_mmhg = 141
    second = monitor.measure(VirtualRun(VirtualDeadline(line.clock, line.clock.now_s + 120.0)))
    assert (first.values["systolic_mmhg"], second.values["systolic_mmhg"]) == (122, 141)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("nobody", DeviceFault),
        ("stuck", DeviceFault),
        ("bp250", NoResponse),
        ("silence", NoResponse),
        ("corrupted", FrameError),
    ],
)
def test_every_bad_situation_has_its_own_error(name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        measure(SPEC, ModelLine(in_scenario(AccuniqBp500(), name)))


def test_the_wrong_dialect_is_named() -> None:
    with pytest.raises(WrongDevice):
        measure(SPEC, ModelLine(AccuniqBp500()), dialect="bp250")


def test_cancelled_midway() -> None:
    with pytest.raises(Cancelled):
        measure(SPEC, ModelLine(AccuniqBp500()), cancel_at="waiting_for_start")


def test_identity_deletes_nothing() -> None:
    model = in_scenario(AccuniqBp500(), "stale_memory")
    line = ModelLine(model)
    assert identify(SPEC, line).medical_device
    assert line.sent == ENQ
    assert isinstance(model, AccuniqBp500)
    assert len(model.results) == 2
    assert identify(SPEC, ModelLine(AccuniqBp500(bp250=True)), dialect="bp250").maker == "SELVAS"
    with pytest.raises(NoResponse):
        identify(SPEC, ModelLine(AccuniqBp500(silent=True)))
    with pytest.raises(FrameError):
        identify(SPEC, ModelLine(AccuniqBp500(corrupt=True)))
