"""Masimo ASCII 1: the printed line, every exception bit, strict tokens, and the simulated monitor."""

import re

import pytest

from drivers.config import ConfigError, DeviceConfig
from drivers.devices.masimo_ascii1 import SPEC
from drivers.errors import Cancelled, DeviceFault, FrameError, NoResponse, StaleReading
from drivers.findings import FaultSeen, FrameBroken, MeasurementFound, Rejected, StateSeen
from drivers.identity import identity_of_reading
from drivers.model import Measures
from drivers.registry import attach
from simulators.masimo_ascii1 import MasimoAscii1
from tests.contract.rig import decoded
from tests.unit.drivers.virtual_line import (
    ModelLine,
    decode,
    identify,
    in_scenario,
    instrument,
    kinds,
    measure,
    values_of,
)

PRINTED = b"03/19/16 13:37:12 SN=0000093112 SPO2=---% BPM=--- DESAT=-- PIDELTA=+-- ALARM=0000 EXC=000001\r\n"
GOOD = b"03/19/16 13:37:12 SN=0000093112 SPO2=097% BPM=072 DESAT=-- PIDELTA=+-- ALARM=0000 EXC=000000\r\n"
RADICAL = GOOD.replace(b" DESAT", b" PI=01.20% SPCO=--.-% SPMET=--.-% PVI=--- DESAT")


def test_printed_line_is_the_fault_of_a_missing_sensor() -> None:
    (found,) = decode(SPEC, PRINTED)
    assert isinstance(found, FaultSeen)
    assert (found.code, str(found.act)) == ("EXC001", "service")


def test_a_line_with_values() -> None:
    (found,) = decode(SPEC, GOOD)
    assert isinstance(found, MeasurementFound)
    assert found.reading.values == {"spo2_percent": 97, "pulse_bpm": 72}
    assert found.reading.device == {"serial": "0000093112"}
    assert found.reading.device_clock == "2016-03-19T13:37:12"
    assert found.reading.raw == GOOD.rstrip()


def test_the_radical_7_adds_its_own_tokens() -> None:
    assert values_of(decode(SPEC, RADICAL)) == [{"spo2_percent": 97, "pulse_bpm": 72, "perfusion_index_percent": 1.2}]
    assert values_of(decode(SPEC, RADICAL.replace(b"01.20%", b"--.--%"))) == [{"spo2_percent": 97, "pulse_bpm": 72}]


@pytest.mark.parametrize(
    ("line", "values"),
    [
        (
            b"02/22/16 22:47:46 SN=0000056661 SPO2=098% BPM=096 PI=03.95% SPCO=--.-% SPMET=--.-% DESAT=-- PIDELTA=+-- "
            b"ALARM=0000 EXC=000800\r\n",
            {"spo2_percent": 98, "pulse_bpm": 96, "perfusion_index_percent": 3.95},
        ),
        (
            b"12/01/05 11:56:29 SN=0123456789 SPO2=098% BPM=240 PI=20.00% SPCO=01.0% SPMET=00.5% DESAT=01 PIDELTA=-02 "
            b"PVI=027 ALARM=0000 EXC=000800\r\n",
            {"spo2_percent": 98, "pulse_bpm": 240, "perfusion_index_percent": 20.0},
        ),
        (
            b"09/15/10 15:10:29 SPO2=097% BPM=064 PI=11.82% ALARM=20 EXC=800\r\n",
            {"spo2_percent": 97, "pulse_bpm": 64, "perfusion_index_percent": 11.82},
        ),
    ],
)
def test_lines_published_by_users_of_rad_8_radical_7_and_radical_5(line: bytes, values: dict[str, float]) -> None:
    assert values_of(decode(SPEC, line)) == [values]


def test_some_monitors_put_a_percent_sign_after_the_pulse() -> None:
    assert values_of(decode(SPEC, GOOD.replace(b"=072", b"=072%"))) == [{"spo2_percent": 97, "pulse_bpm": 72}]
    assert values_of(decode(SPEC, GOOD.replace(b"=072", b"=---%"))) == [{"spo2_percent": 97}]


def with_exceptions(mask: int, *, blank: bool = False) -> bytes:
    line = GOOD.replace(b"EXC=000000", b"EXC=%06X" % mask)
    return line.replace(b"097%", b"---%").replace(b"=072", b"=---") if blank else line


@pytest.mark.parametrize("mask", [0x001, 0x002, 0x080, 0x003])
def test_every_fault_of_the_sensor(mask: int) -> None:
    (found,) = decode(SPEC, with_exceptions(mask))
    assert isinstance(found, FaultSeen)
    assert found.code in ("EXC001", "EXC002", "EXC080")


@pytest.mark.parametrize("mask", [0x008, 0x010, 0x020, 0x040])
def test_no_live_signal(mask: int) -> None:
    (held,) = decode(SPEC, with_exceptions(mask))
    assert isinstance(held, Rejected)
    assert decode(SPEC, with_exceptions(mask, blank=True)) == [
        StateSeen("finger_out" if mask == 0x020 else "searching")
    ]


def test_low_perfusion_quality_and_alarms_are_details() -> None:
    (found,) = decode(SPEC, with_exceptions(0x404).replace(b"ALARM=0000", b"ALARM=003F"))
    assert isinstance(found, MeasurementFound)
    assert found.reading.details == {
        "low_perfusion": 1, "artefact": 1, "alarm_muted": 1, "alarm_active": 1, "alarm_pulse_low": 1,
        "alarm_pulse_high": 1, "alarm_spo2_low": 1, "alarm_spo2_high": 1,
    }  # fmt: skip


def test_missing_values_are_absent() -> None:
    assert values_of(decode(SPEC, GOOD.replace(b"097%", b"---%"))) == [{"pulse_bpm": 72}]
    assert values_of(decode(SPEC, GOOD.replace(b"=072", b"=---"))) == [{"spo2_percent": 97}]
    assert decode(SPEC, with_exceptions(0, blank=True)) == [StateSeen("searching")]


@pytest.mark.parametrize(
    "line",
    [
        GOOD.replace(b"097%", b"O97%"),
        GOOD.replace(b"097%", b"097"),
        GOOD.replace(b"097%", b"197%"),
        GOOD.replace(b"097%", b"000%"),
        GOOD.replace(b"=072", b"=0x2"),
        GOOD.replace(b"=072", b"=999"),
        GOOD.replace(b"EXC=000000", b"EXC=00000G"),
        GOOD.replace(b" EXC=000000", b""),
        GOOD.replace(b" BPM=072", b""),
        GOOD.replace(b"BPM=072", b"BPM=072 BPM=073"),
        b"hello\r\n",
        GOOD[:-2],
    ],
)
def test_lines_that_are_not_exact_are_broken(line: bytes) -> None:
    assert kinds(decode(SPEC, line)) == ["frame_error"]


def test_an_impossible_clock_is_absent() -> None:
    (found,) = decode(SPEC, GOOD.replace(b"03/19/16", b"19/03/16"))
    assert isinstance(found, MeasurementFound)
    assert found.reading.device_clock is None


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r"])
def test_any_end_of_line(end: bytes) -> None:
    assert kinds(decode(SPEC, GOOD.replace(b"\r\n", end) * 2)) == ["measurement", "measurement"]


def test_garbage_and_overrun() -> None:
    assert kinds(decode(SPEC, b"\x00\xffSPO2=" + GOOD)) == ["frame_error", "measurement"]
    assert kinds(decode(SPEC, b"A" * 3000 + GOOD + GOOD)) == ["frame_error", "measurement"]


def test_unasked_values_are_refused() -> None:
    assert kinds(decode(SPEC, GOOD, session="no")) == ["rejected"]


@pytest.mark.parametrize("radical_7", [True, False])
def test_measures(radical_7: bool) -> None:
    reading, run = measure(SPEC, ModelLine(MasimoAscii1(radical_7=radical_7), chunk=11))
    assert reading.values["spo2_percent"] == 98
    assert ("perfusion_index_percent" in reading.values) == radical_7
    assert run.states == ["searching", "measuring"]


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("no_sensor", DeviceFault),
        ("defective_sensor", DeviceFault),
        ("unrecognised_sensor", DeviceFault),
        ("interference", StaleReading),
        ("ambient_light", StaleReading),
        ("held", StaleReading),
        ("finger_out", DeviceFault),
        ("stuck", DeviceFault),
        ("low_quality", DeviceFault),
        ("other_format", FrameError),
        ("corrupted", FrameError),
        ("silence", NoResponse),
    ],
)
def test_every_bad_situation_has_its_own_error(name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        measure(SPEC, ModelLine(in_scenario(MasimoAscii1(), name)), timeout_s=20.0)


def test_lines_from_before_the_start_do_not_count() -> None:
    model = MasimoAscii1()
    line = ModelLine(model)
    line.pass_time(20.0)
    model.spo2_percent = 93
    assert measure(SPEC, line)[0].values["spo2_percent"] == 93


def test_cancelled_midway() -> None:
    with pytest.raises(Cancelled):
        measure(SPEC, ModelLine(MasimoAscii1()), cancel_at="searching")


def test_identity_is_the_manuals() -> None:
    line = ModelLine(MasimoAscii1())
    assert identify(SPEC, line).maker == "Masimo"
    assert line.sent == b""


def test_a_wrong_option_is_named() -> None:
    with pytest.raises(ConfigError, match="steady_frames"):
        instrument(SPEC, ModelLine(MasimoAscii1()), steady_frames="-3")


RADICAL_7_COLOR = (
    b"03/17/16 19:19:36 SN=---------- SPO2=098% BPM=123 PI=00.55 SPCO=--% SPMET=--.-% SPHB=--.- SPOC=-- RESVD=--- DESAT=-- "
    b"PIDELTA=+-- PVI=--- ALARM=000000 EXC=0000C00 EXC1=00000000\r\n"
)


@pytest.mark.parametrize(("mask", "details"), [(b"0000C00", {"artefact": 1}), (b"0000800", {})])
def test_a_published_line_of_a_radical_7_color(mask: bytes, details: dict[str, int]) -> None:
    """Its serial number is dashes: the monitor was given none."""
    (found,) = decoded("masimo_ascii1", RADICAL_7_COLOR.replace(b"EXC=0000C00", b"EXC=" + mask))
    assert isinstance(found, MeasurementFound)
    reading = found.reading
    assert reading.values == {"spo2_percent": 98, "pulse_bpm": 123, "perfusion_index_percent": 0.55}
    assert dict(reading.details) == details
    assert "serial" not in reading.device
    device = attach(
        [
            DeviceConfig(
                id="a", driver="masimo_ascii1", measures=Measures.OXIMETRY, port="/dev/a", serial_number="0000093112"
            )
        ]
    )[0]
    identity = identity_of_reading(reading, None, device)
    assert (identity.serial_number, identity.serial_source) == ("0000093112", "configuration")


@pytest.mark.parametrize("token", [b"SN", b"SPO2", b"BPM", b"PI", b"SPCO", b"PVI", b"ALARM", b"DESAT"])
@pytest.mark.parametrize("dashes", [b"-", b"--", b"----------"])
def test_dashes_in_any_token_mean_none(token: bytes, dashes: bytes) -> None:
    line = re.sub(rb" " + token + rb"=[^ ]+", b" " + token + b"=" + dashes, RADICAL_7_COLOR)
    assert line != RADICAL_7_COLOR or token in (b"SN", b"DESAT")
    (found,) = decoded("masimo_ascii1", line)
    assert not isinstance(found, FrameBroken)


def test_a_line_that_does_not_say_how_it_is_does_not_count() -> None:
    (found,) = decoded("masimo_ascii1", RADICAL_7_COLOR.replace(b"EXC=0000C00", b"EXC=-------"))
    assert isinstance(found, FrameBroken)
