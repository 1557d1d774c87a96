"""Nonin: golden frames of formats 8, 2, 7 and 13, held and stored values, and sessions with the simulated oximeter."""

import pytest

from drivers.config import ConfigError
from drivers.devices.nonin import SPEC, select_format
from drivers.errors import Cancelled, DeviceFault, FrameError, NoResponse, StaleReading, WrongDevice
from drivers.findings import FaultSeen, FrameBroken, MeasurementFound, Rejected, StateSeen
from drivers.model import Act
from simulators.nonin import Nonin
from tests.unit.drivers.virtual_line import (
    ModelLine,
    VirtualDeadline,
    decode,
    identify,
    in_scenario,
    instrument,
    kinds,
    measure,
    values_of,
)

GOLDEN_8 = bytes.fromhex("80486220")
HELD_8 = bytes.fromhex("80486208")
GOLDEN_13 = bytes.fromhex("0002000D000E20260711090530000200004800624803")


def packet(data_format: int = 2, status: int = 0x80, floats: dict[int, int] | None = None) -> bytes:
    """25 frames as printed: pulse 72 and SpO2 98 in the fields for display, others zero."""
    spelled = {4: 34, 8: 0x20, 9: 98, 20: 0, 21: 72} | (floats or {})
    frames = b""
    for place in range(1, 26):
        state = status | (1 if place == 1 else 0)
        body = [1, state, 0x40, spelled.get(place, 0)] if data_format == 2 else [state, 0x40, 0, spelled.get(place, 0)]
        frames += bytes([*body, sum(body) & 0xFF])
    return frames


def test_format_8_golden_frame() -> None:
    (found,) = decode(SPEC, GOLDEN_8)
    assert isinstance(found, MeasurementFound)
    assert found.reading.values == {"pulse_bpm": 72, "spo2_percent": 98}
    assert found.reading.details == {"good_reading": 1}
    assert found.reading.raw == GOLDEN_8


def test_format_8_nine_bit_pulse() -> None:
    assert values_of(decode(SPEC, bytes.fromhex("81056020"))) == [{"pulse_bpm": 133, "spo2_percent": 96}]


@pytest.mark.parametrize(
    ("frame", "found"),
    [
        (HELD_8, Rejected("held: the finger has left the sensor")),
        (bytes.fromhex("A0486200"), Rejected("held: the pulse is lost, the device is searching")),
        (bytes.fromhex("837F7F08"), StateSeen("finger_out")),
        (bytes.fromhex("A37F7F00"), StateSeen("searching")),
        (bytes.fromhex("837F7F00"), StateSeen("searching")),
    ],
)
def test_format_8_without_a_live_signal(frame: bytes, found: object) -> None:
    assert decode(SPEC, frame) == [found]


def test_a_missing_value_is_absent() -> None:
    assert values_of(decode(SPEC, bytes.fromhex("837F6220"))) == [{"spo2_percent": 98}]
    assert values_of(decode(SPEC, bytes.fromhex("80487F20"))) == [{"pulse_bpm": 72}]


def test_format_8_flags_are_details() -> None:
    (found,) = decode(SPEC, bytes.fromhex("9C486201"))
    assert isinstance(found, MeasurementFound)
    assert found.reading.details == {"low_perfusion": 1, "marginal_perfusion": 1, "artefact": 1, "low_battery": 1}


@pytest.mark.parametrize("frame", ["80486500", "80486600", "80000000", "8048627080"])
def test_impossible_or_unfinished_frames_are_broken(frame: str) -> None:
    assert kinds(decode(SPEC, bytes.fromhex(frame)))[-1] == "frame_error"


def test_resynchronises_on_bit_7() -> None:
    assert kinds(decode(SPEC, b"\x48\x62\x20" + GOLDEN_8)) == ["frame_error", "measurement"]
    assert kinds(decode(SPEC, GOLDEN_8[:2] + GOLDEN_8 + GOLDEN_8)) == ["frame_error", "measurement", "measurement"]


@pytest.mark.parametrize("data_format", [2, 7])
def test_packet_of_25_frames(data_format: int) -> None:
    (found,) = decode(SPEC, packet(data_format), format=str(data_format))
    assert isinstance(found, MeasurementFound)
    assert found.reading.values == {"pulse_bpm": 72, "spo2_percent": 98}
    assert found.reading.device == {"firmware": "34"}
    assert len(found.reading.raw) == 125


def test_printed_frames_of_format_2_have_right_checksums() -> None:
    frames = bytes.fromhex("01814000C201804048090180406223")
    assert decode(SPEC, frames, format="2") == [FrameBroken("packet cut short: 3 of 25 frames")]


@pytest.mark.parametrize(
    ("sent", "configured", "kinds_found"),
    [
        (GOLDEN_13, "8", ["rejected"]),
        (GOLDEN_13, "2", ["rejected"]),
        (GOLDEN_13, "7", ["rejected"]),
        (packet(), "8", ["rejected"]),
        (packet(), "7", ["rejected"]),
        (packet(), "13", ["rejected"]),
    ],
)
def test_other_formats_are_recognised(sent: bytes, configured: str, kinds_found: list[str]) -> None:
    found = decode(SPEC, sent, format=configured)
    assert "measurement" not in kinds(found)
    assert kinds_found[0] in kinds(found)
    reasons = [one.reason for one in found if isinstance(one, Rejected)]
    assert reasons[0].startswith("wrong output format on the device: it sends format")


def test_a_lone_frame_of_format_2_in_noise_is_no_other_format() -> None:
    assert kinds(decode(SPEC, bytes.fromhex("01814000C2") + GOLDEN_8)) == ["frame_error", "measurement"]


def test_low_battery_between_frames_is_not_taken_for_format_2() -> None:
    weak = bytes.fromhex("803E6221")
    assert kinds(decode(SPEC, bytes.fromhex("01") + weak * 5)) == ["frame_error"] + ["measurement"] * 5


def test_a_broken_frame_drops_its_packet_only() -> None:
    spoilt = bytearray(packet())
    spoilt[52] ^= 0x10
    assert kinds(decode(SPEC, bytes(spoilt) + packet(), format="2")) == [
        "frame_error", "frame_error", "state", "measurement",
    ]  # fmt: skip


def test_a_stream_that_begins_in_mid_packet() -> None:
    assert kinds(decode(SPEC, packet()[35:] + packet(), format="2")) == ["state", "measurement"]


def test_a_packet_cut_short_by_the_next_sync() -> None:
    assert kinds(decode(SPEC, packet()[:50] + packet(), format="2")) == ["frame_error", "measurement"]


def test_status_with_bit_7_clear_is_broken() -> None:
    assert "frame_error" in kinds(decode(SPEC, packet(status=0x00), format="2"))


@pytest.mark.parametrize(
    ("status", "floats", "kind"),
    [
        (0x88, {}, "rejected"),
        (0x90, {}, "rejected"),
        (0x88, {9: 127, 20: 3, 21: 127}, "state"),
        (0x80, {9: 127, 20: 3, 21: 127}, "state"),
        (0x80, {9: 101}, "frame_error"),
    ],
)
def test_packets_without_a_live_signal(status: int, floats: dict[int, int], kind: str) -> None:
    assert kinds(decode(SPEC, packet(2, status, floats), format="2")) == [kind]


def test_format_13_golden_packet() -> None:
    (found,) = decode(SPEC, GOLDEN_13, format="13")
    assert isinstance(found, MeasurementFound)
    assert found.reading.values == {"pulse_bpm": 72, "spo2_percent": 98}
    assert found.reading.device_clock == "2026-07-11T09:05:30"


def packet_13(changes: dict[int, int], extra: bytes = b"") -> bytes:
    """The golden packet with bytes changed (document's numbers, from 1), its checksum put right."""
    changed = bytearray(GOLDEN_13[:20])
    for number, value in changes.items():
        changed[number - 1] = value
    changed[4:6] = (14 + len(extra)).to_bytes(2, "big")
    changed += extra
    return bytes(changed) + bytes([sum(changed[6:]) & 0xFF, 3])


def test_format_13_from_memory_is_refused() -> None:
    assert decode(SPEC, packet_13({16: 0x10}), format="13") == [
        Rejected("stored: a packet from the memory belongs to somebody else")
    ]


def test_format_13_without_a_measurement_is_a_fault() -> None:
    assert decode(SPEC, packet_13({15: 0x01}), format="13") == [
        FaultSeen("NOMS", "the oximeter took no measurement: put the finger in again", Act.WORKER)
    ]


def test_format_13_pulse_has_nine_bits_and_the_packet_may_grow() -> None:
    grown = packet_13({17: 0x01, 18: 0x02}, extra=b"\x01\x02")
    assert values_of(decode(SPEC, grown, format="13")) == [{"pulse_bpm": 258, "spo2_percent": 98}]


def test_format_13_impossible_clock_is_absent() -> None:
    for month in (0x13, 0x0A):
        (found,) = decode(SPEC, packet_13({9: month}), format="13")
        assert isinstance(found, MeasurementFound)
        assert found.reading.device_clock is None


@pytest.mark.parametrize("place", range(4, 22))
def test_format_13_any_changed_byte_is_noticed(place: int) -> None:
    spoilt = bytearray(GOLDEN_13)
    spoilt[place] ^= 0x21
    assert "measurement" not in kinds(decode(SPEC, bytes(spoilt), format="13"))


def test_unasked_values_are_refused() -> None:
    assert kinds(decode(SPEC, GOLDEN_8, session="no")) == ["rejected"]
    assert kinds(decode(SPEC, GOLDEN_13, format="13", session="no")) == ["rejected"]


STREAMS = {
    "8": b"\x05" + GOLDEN_8 + HELD_8 + b"\xff\x80" + GOLDEN_8 + b"\x80\x01",
    "2": packet()[60:] + packet() + b"\x01\x81\x99" + packet(),
    "7": packet(7) + packet(7)[:33] + packet(7),
    "13": GOLDEN_13 + b"\x00\x02\x00" + GOLDEN_13 + GOLDEN_13[:9],
}


@pytest.mark.parametrize("data_format", ["8", "2", "7", "13"])
def test_measures_in_every_format(data_format: str) -> None:
    model = Nonin(data_format=int(data_format))
    reading, run = measure(SPEC, ModelLine(model, chunk=3), format=data_format)
    assert reading.values == {"pulse_bpm": 71, "spo2_percent": 98}
    assert data_format == "13" or run.states == ["searching", "measuring"]


def test_waits_until_values_are_steady() -> None:
    model = Nonin()

    class Settling(ModelLine):
        def read(self, size: int = 256) -> bytes:
            model.pulse_bpm = 130 if self.clock.now_s < 6.0 else 72
            return super().read(size)

    line = Settling(model)
    reading, _ = measure(SPEC, line, steady_frames="6")
    assert reading.values["pulse_bpm"] == 72
    assert line.clock.now_s > 11.0


@pytest.mark.parametrize(
    ("name", "data_format", "error"),
    [
        ("finger_out", "8", DeviceFault),
        ("held", "8", StaleReading),
        ("stuck", "8", DeviceFault),
        ("artefact", "8", DeviceFault),
        ("silence", "8", NoResponse),
        ("corrupted", "8", FrameError),
        ("device_error", "13", DeviceFault),
        ("format_13", "8", WrongDevice),
        ("format_2", "8", WrongDevice),
    ],
)
def test_every_bad_situation_has_its_own_error(name: str, data_format: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        measure(SPEC, ModelLine(in_scenario(Nonin(), name)), format=data_format)


def test_packets_from_memory_are_passed_over() -> None:
    model = in_scenario(Nonin(), "stale_memory")
    reading, _ = measure(SPEC, ModelLine(model), format="13")
    assert reading.values["spo2_percent"] == 98
    assert isinstance(model, Nonin)
    assert model.stored == 0


def test_values_from_before_the_start_do_not_count() -> None:
    model = Nonin()
    line = ModelLine(model)
    line.pass_time(10.0)
    model.finger_in = False
    with pytest.raises(DeviceFault):
        measure(SPEC, line)


def test_cancelled_midway() -> None:
    with pytest.raises(Cancelled):
        measure(SPEC, ModelLine(Nonin()), cancel_at="searching")


@pytest.mark.parametrize("steady", ["0", "x", "2.5", "nan"])
def test_a_wrong_option_is_named(steady: str) -> None:
    with pytest.raises(ConfigError, match="steady_frames"):
        instrument(SPEC, ModelLine(Nonin()), steady_frames=steady)


def test_identity_is_the_manuals_and_asks_nothing() -> None:
    line = ModelLine(Nonin())
    assert identify(SPEC, line).maker == "Nonin"
    assert line.sent == b""


@pytest.mark.parametrize(("variant", "command"), [("9560", "027002020803"), ("3150", "027004020840BE03")])
def test_the_format_is_chosen_on_opening(variant: str, command: str) -> None:
    assert select_format(8, variant) == bytes.fromhex(command)
    model = Nonin(data_format=13)
    line = ModelLine(model)
    oximeter = instrument(SPEC, line, select=variant)
    for _ in range(3):
        oximeter.identify(VirtualDeadline(line.clock, 5.0))
    assert line.sent == bytes.fromhex(command)
    assert model.data_format == 8
    assert measure(SPEC, line, select=variant)[0].values["pulse_bpm"] == 71
