"""Omron HBP-9030: golden records, strictness, wrong formats, and a session with the simulated monitor."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.devices.omron_hbp9030 import SPEC
from drivers.errors import Cancelled, DeviceFault, FrameError, NoResponse, StaleReading, Unavailable, WrongDevice
from drivers.findings import FaultSeen, FrameBroken, MeasurementFound, Rejected
from drivers.model import Act
from simulators.omron_hbp9030 import OmronHbp9030
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
    "323032362C30372C31312C30392C30352C31323334353637383930313233343536373839302C302C3132302C3038302C3037322C300D0A"
)
GOLDEN_9020 = b"bp,99999999999999999999,2023/04/27,15:06,140,098,077,068,3\r\n"
GOLDEN_STX = bytes.fromhex("0220313530353032203039343320313235203037352030393903")
CLEAN_9020 = GOLDEN_9020.replace(b",3\r\n", b",0\r\n")


def test_format_5_golden_record() -> None:
    (found,) = decode(SPEC, GOLDEN)
    assert isinstance(found, MeasurementFound)
    assert found.reading.values == {
        "systolic_mmhg": 120, "diastolic_mmhg": 80, "pulse_bpm": 72, "movement_count": 0,
    }  # fmt: skip
    assert found.reading.device_clock == "2026-07-11T09:05:00"
    assert found.reading.raw == b"2026,07,11,09,05," + b" " * 20 + b",0,120,080,072,0"


def test_error_record_is_a_fault_without_numbers() -> None:
    assert decode(SPEC, b"2026,07,11,09,05," + b"7" * 20 + b",1,   ,   ,   ,0\r\n") == [
        FaultSeen("E1", "the cuff could not measure: refit it, sit still, repeat", Act.WORKER)
    ]


@pytest.mark.parametrize("code", [bytes([code]) for code in range(0x21, 0x7F) if code != 0x30])
def test_no_error_code_comes_with_numbers(code: bytes) -> None:
    record = GOLDEN.replace(b",0,120", b"," + code + b",120")
    (found,) = decode(SPEC, record)
    assert isinstance(found, FaultSeen)
    assert found.code == f"E{code.decode()}"


@pytest.mark.parametrize(
    "line",
    [
        GOLDEN.replace(b"120", b"12x"),
        GOLDEN.replace(b"120", b"120j"),
        GOLDEN.replace(b",072", b""),
        GOLDEN.replace(b"\r\n", b",0\r\n"),
        GOLDEN.replace(b"2026,07,11", b"2026,13,11"),
        GOLDEN.replace(b"2026,07,11", b"2026,02,30"),
        GOLDEN.replace(b"120,080,072", b"   ,   ,   "),
        GOLDEN.replace(b"120", b"300"),
        GOLDEN.replace(b",080,", b",125,"),
        GOLDEN.replace(b"072", b"030"),
        b"\r\n",
        b"hello\r\n",
    ],
)
def test_a_record_that_is_not_exact_is_broken(line: bytes) -> None:
    assert kinds(decode(SPEC, line)) == ["frame_error"]


def test_frames_only_on_cr_lf() -> None:
    assert kinds(decode(SPEC, GOLDEN[:-1])) == ["frame_error"]
    assert kinds(decode(SPEC, GOLDEN[:-2] + b"\n" + GOLDEN)) == ["frame_error", "measurement"]


def test_two_records_in_one_read() -> None:
    assert kinds(decode(SPEC, GOLDEN + GOLDEN)) == ["measurement", "measurement"]


def test_garbage_before_a_record_is_one_error() -> None:
    assert kinds(decode(SPEC, b"\x00\xff\x80,,1" + GOLDEN)) == ["frame_error", "measurement"]


def test_after_an_overrun_everything_through_the_next_cr_lf_is_dropped() -> None:
    assert kinds(decode(SPEC, b"A" * 5000 + GOLDEN + GOLDEN)) == ["frame_error", "measurement"]


def test_no_finding_carries_the_subject() -> None:
    lines = [GOLDEN, GOLDEN.replace(b"072", b"999"), GOLDEN[:-2], GOLDEN_9020, CLEAN_9020]
    for line in lines:
        for dialect in ("hbp9030", "hbp9020"):
            for found in decode(SPEC, line, dialect=dialect):
                assert "1234567890" not in repr(found)
                assert "99999999" not in repr(found)


@pytest.mark.parametrize(
    "other",
    [
        b"MMBP203N\r120 80 72\r\n",
        b"ID99999999B26/07/11/09:05 120 80\r\n",
        GOLDEN_9020,
        GOLDEN_9020[:-1],
        GOLDEN_STX + b"\r\n",
        GOLDEN_STX,
    ],
)
def test_other_formats_are_recognised(other: bytes) -> None:
    (found,) = decode(SPEC, other)
    assert isinstance(found, Rejected)
    assert found.reason.startswith("wrong output format on the device")


def test_format_5_is_a_wrong_format_for_the_9020_dialect() -> None:
    (found,) = decode(SPEC, GOLDEN, dialect="hbp9020")
    assert isinstance(found, Rejected)
    assert "format 5" in found.reason


@pytest.mark.parametrize("end", [b"\r", b"\r\n"])
def test_hbp9020_line(end: bytes) -> None:
    line = CLEAN_9020.replace(b"\r\n", end)
    (found,) = decode(SPEC, line, dialect="hbp9020")
    assert isinstance(found, MeasurementFound)
    assert found.reading.values == {"systolic_mmhg": 140, "mean_mmhg": 98, "diastolic_mmhg": 77, "pulse_bpm": 68}
    assert found.reading.device_clock == "2023-04-27T15:06:00"
    assert b"9" * 20 not in found.reading.raw


def test_hbp9020_code_refuses_the_numbers_unless_it_counts_movements() -> None:
    assert decode(SPEC, GOLDEN_9020, dialect="hbp9020") == [
        FaultSeen("E3", "the cuff could not measure: refit it, sit still, repeat", Act.WORKER)
    ]
    (values,) = values_of(decode(SPEC, GOLDEN_9020, dialect="hbp9020", last_field="movements"))
    assert values["movement_count"] == 3
    assert values["systolic_mmhg"] == 140


def test_hbp9020_older_layout() -> None:
    assert values_of(decode(SPEC, GOLDEN_STX, dialect="hbp9020")) == [
        {"systolic_mmhg": 125, "diastolic_mmhg": 75, "pulse_bpm": 99}
    ]


def test_mean_outside_the_pressures_is_broken() -> None:
    assert kinds(decode(SPEC, CLEAN_9020.replace(b"098", b"198"), dialect="hbp9020")) == ["frame_error"]


def test_unasked_record_is_refused() -> None:
    assert decode(SPEC, GOLDEN, session="no") == [Rejected("unasked: the frame answers no start of ours")]


@given(noise=st.binary(min_size=1, max_size=400).filter(lambda noise: b"\r" not in noise and b"\n" not in noise))
def test_a_record_is_found_after_garbage(noise: bytes) -> None:
    found = decode(SPEC, noise + GOLDEN)
    assert isinstance(found[-1], MeasurementFound | Rejected)
    assert len(found) <= 2


def test_measures_what_the_simulated_monitor_shows() -> None:
    reading, _ = measure(SPEC, ModelLine(OmronHbp9030(), chunk=1))
    assert reading.values == {"systolic_mmhg": 122, "diastolic_mmhg": 78, "pulse_bpm": 71, "movement_count": 0}


def test_measures_the_9020_line() -> None:
    reading, _ = measure(SPEC, ModelLine(in_scenario(OmronHbp9030(), "hbp9020")), dialect="hbp9020")
    assert reading.values["mean_mmhg"] == 92


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("device_error", DeviceFault),
        ("silence", NoResponse),
        ("stuck", NoResponse),
        ("other_format", WrongDevice),
        ("hbp9020", WrongDevice),
        ("corrupted", FrameError),
    ],
)
def test_every_bad_situation_has_its_own_error(name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        measure(SPEC, ModelLine(in_scenario(OmronHbp9030(), name)))


def test_a_record_sent_before_the_start_is_not_taken() -> None:
    model = OmronHbp9030()
    line = ModelLine(model)
    line.pass_time(36.0)
    model.systolic_mmhg = 131
    reading, _ = measure(SPEC, line)
    assert reading.values["systolic_mmhg"] == 131


def test_a_record_sent_again_from_memory_is_refused() -> None:
    line = ModelLine(in_scenario(OmronHbp9030(), "stale_memory"))
    monitor = instrument(SPEC, line)
    monitor.measure(_run(line))
    with pytest.raises(StaleReading):
        monitor.measure(_run(line))


def test_unplugged_in_the_middle_of_a_record() -> None:
    with pytest.raises(Unavailable):
        measure(SPEC, ModelLine(OmronHbp9030(), chunk=4, unplug_after_bytes=20))


def test_cancelled() -> None:
    line = ModelLine(OmronHbp9030())
    run = _run(line)
    run.cancelled = True
    with pytest.raises(Cancelled):
        instrument(SPEC, line).measure(run)


def test_identity_is_the_manuals() -> None:
    line = ModelLine(OmronHbp9030())
    assert identify(SPEC, line).model == "HBP-9030"
    assert line.sent == b""


def test_frame_broken_tells_sizes_and_not_contents() -> None:
    (found,) = decode(SPEC, b"secret name\r\n")
    assert isinstance(found, FrameBroken)
    assert "secret" not in found.reason


def _run(line: ModelLine) -> VirtualRun:
    return VirtualRun(VirtualDeadline(line.clock, line.clock.now_s + 120.0))
