"""Contec V7.0: golden packets, held and stored values, reasons of refusal, and sessions with the simulated oximeter."""

import pytest

from drivers.config import ConfigError
from drivers.devices.contec_v7 import SPEC, command
from drivers.errors import Cancelled, DeviceFault, FrameError, NoResponse, StaleReading
from drivers.findings import FaultSeen, MeasurementFound, Rejected, StateSeen
from drivers.model import Act
from simulators.contec_v7 import ContecV7, packed
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

GOLDEN = bytes.fromhex("01A0C6B389C8E2A481")
FINGER_OUT = bytes.fromhex("01E980C090FFFFFFFF")
STORED = Rejected("stored: values from the memory belong to somebody else")


def test_golden_packet() -> None:
    (found,) = decode(SPEC, GOLDEN)
    assert isinstance(found, MeasurementFound)
    assert found.reading.values == {"pulse_bpm": 72, "spo2_percent": 98, "perfusion_index_percent": 4.2}
    assert found.reading.raw == GOLDEN
    assert found.reading.details == {"signal_strength": 6}


def live(**changes: int) -> bytes:
    data = {"signal": 0x06, "pleth": 0x33, "bar": 0x09, "pulse": 72, "spo2": 98, "low": 0xA4, "high": 0x01} | changes
    return packed(0x01, list(data.values()))


@pytest.mark.parametrize(
    ("packet", "found"),
    [
        (FINGER_OUT, StateSeen("finger_out")),
        (live(signal=0x80), Rejected("held: the finger has left the sensor")),
        (live(pleth=0xB3), Rejected("held: the pulse is lost, the device is searching")),
        (live(signal=0x16), Rejected("held: the pulse is lost, the device is searching")),
        (live(pleth=0xB3, pulse=255, spo2=127), StateSeen("searching")),
        (live(pulse=255, spo2=127), StateSeen("searching")),
        (bytes.fromhex("0C80"), StateSeen("stopped")),
        (bytes.fromhex("0480F5F3E5F2A0A0A0"), StateSeen("identified")),
        (bytes.fromhex("118081818080808080"), StateSeen("storage_state")),
        (bytes.fromhex("0E8081"), StateSeen("perfusion_index_support")),
        (bytes.fromhex("06808087"), StateSeen("undocumented_06")),
        (packed(0x05, [1] * 7), StateSeen("user_information")),
        (packed(0x10, [1]), StateSeen("user_count")),
        (packed(0x15, [1] * 7), StateSeen("storage_state")),
        (packed(0x0B, [0xB1, 0]), StateSeen("command_done")),
        (packed(0x0D, [0]), StateSeen("stopped")),
        (packed(0x07, [98] * 6), STORED),
        (packed(0x08, [1] * 6), STORED),
        (packed(0x09, [98, 71, 98, 71]), STORED),
        (packed(0x0A, [1, 1]), STORED),
        (packed(0x0F, [98] * 6), STORED),
        (packed(0x12, [1] * 6), STORED),
    ],
)
def test_packets_that_are_no_measurement(packet: bytes, found: object) -> None:
    assert decode(SPEC, packet) == [found]


def test_printed_refusal() -> None:
    assert decode(SPEC, bytes.fromhex("0B81A185")) == [
        FaultSeen("A1-05", "the oximeter does not support this command", Act.SERVICE)
    ]


@pytest.mark.parametrize(
    ("reason", "act"),
    [(1, "worker"), (2, "worker"), (3, "service"), (4, "service"), (5, "service"), (0xFF, "service"), (9, "service")],
)
def test_every_reason_code(reason: int, act: str) -> None:
    for packet, code in ((packed(0x0B, [0xA1, reason]), "A1"), (packed(0x0D, [reason]), "0D")):
        (found,) = decode(SPEC, packet)
        assert isinstance(found, FaultSeen)
        assert (found.code, str(found.act)) == (f"{code}-{reason:02X}", act)


def test_missing_values_are_absent() -> None:
    assert values_of(decode(SPEC, live(pulse=255))) == [{"spo2_percent": 98, "perfusion_index_percent": 4.2}]
    assert values_of(decode(SPEC, live(spo2=127))) == [{"pulse_bpm": 72, "perfusion_index_percent": 4.2}]
    assert values_of(decode(SPEC, live(bar=0x19))) == [{"pulse_bpm": 72, "spo2_percent": 98}]
    assert values_of(decode(SPEC, live(low=0xFF, high=0xFF))) == [{"pulse_bpm": 72, "spo2_percent": 98}]


def test_pulse_above_127_uses_the_high_byte() -> None:
    assert values_of(decode(SPEC, live(pulse=201)))[0]["pulse_bpm"] == 201


def test_falling_spo2_is_a_detail() -> None:
    (found,) = decode(SPEC, live(signal=0x26))
    assert isinstance(found, MeasurementFound)
    assert found.reading.details["low_spo2"] == 1


@pytest.mark.parametrize("changes", [{"spo2": 0}, {"spo2": 101}, {"pulse": 0}])
def test_impossible_values_are_broken(changes: dict[str, int]) -> None:
    assert kinds(decode(SPEC, live(**changes))) == ["frame_error"]


@pytest.mark.parametrize("place", range(9))
def test_a_byte_lost_does_not_cost_the_next_packet(place: int) -> None:
    cut = GOLDEN[:place] + GOLDEN[place + 1 :]
    assert kinds(decode(SPEC, cut + GOLDEN)) == ["frame_error", "measurement"]


def test_garbage_before_a_packet_is_one_error() -> None:
    assert kinds(decode(SPEC, b"\x7d\xff\x00\x33" + GOLDEN + GOLDEN)) == ["frame_error", "measurement", "measurement"]


def test_unasked_values_are_refused() -> None:
    assert kinds(decode(SPEC, GOLDEN, session="no")) == ["rejected"]


def test_commands_as_printed() -> None:
    assert command(0xA1) == bytes.fromhex("7D81A1808080808080")
    assert command(0xAF) == bytes.fromhex("7D81AF808080808080")


def test_measures_and_stops_the_stream() -> None:
    model = ContecV7()
    line = ModelLine(model, chunk=7)
    reading, run = measure(SPEC, line)
    assert reading.values == {"pulse_bpm": 71, "spo2_percent": 98, "perfusion_index_percent": 4.2}
    assert "searching" in run.states
    assert line.sent.endswith(command(0xA2))
    assert not model.streaming


def test_keeps_the_stream_alive() -> None:
    line = ModelLine(ContecV7(search_s=30.0))
    measure(SPEC, line)
    assert line.sent.count(command(0xAF)) >= 5


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("finger_out", DeviceFault),
        ("held", StaleReading),
        ("stuck", DeviceFault),
        ("device_error", DeviceFault),
        ("switched_off", DeviceFault),
        ("stale_memory", StaleReading),
        ("silence", NoResponse),
        ("corrupted", FrameError),
    ],
)
def test_every_bad_situation_has_its_own_error(name: str, error: type[Exception]) -> None:
    line = ModelLine(in_scenario(ContecV7(), name))
    with pytest.raises(error):
        measure(SPEC, line, timeout_s=20.0)
    assert line.sent.endswith(command(0xA2))


def test_a_stream_left_over_from_before_does_not_count() -> None:
    model = ContecV7()
    line = ModelLine(model)
    line.write(command(0xA1))
    line.pass_time(5.0)
    model.pulse_bpm = 90
    reading, _ = measure(SPEC, line)
    assert reading.values["pulse_bpm"] == 90


def test_cancelled_midway_stops_the_stream() -> None:
    line = ModelLine(ContecV7())
    with pytest.raises(Cancelled):
        measure(SPEC, line, cancel_at="searching")
    assert line.sent.endswith(command(0xA2))


def test_identity() -> None:
    line = ModelLine(ContecV7())
    assert identify(SPEC, line).maker == "Contec"
    assert line.sent == command(0xAA)
    with pytest.raises(NoResponse):
        identify(SPEC, ModelLine(ContecV7(silent=True)))


def test_a_wrong_option_is_named() -> None:
    with pytest.raises(ConfigError, match="steady_frames"):
        instrument(SPEC, ModelLine(ContecV7()), steady_frames="many")
