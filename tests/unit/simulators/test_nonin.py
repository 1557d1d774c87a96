"""The simulated Nonin against the printed frames."""

from simulators.model import apply_scenario
from simulators.nonin import Nonin


def lived(model: Nonin, seconds: float) -> bytes:
    sent = b""
    for _ in range(round(seconds / 0.05)):
        model.tick(0.05)
        sent += model.transmit()
    return sent


def test_printed_frames_of_format_8() -> None:
    model = Nonin(pulse_bpm=72, spo2_percent=98, search_s=0.0)
    assert model.stream_frame() == bytes.fromhex("80486220")
    apply_scenario(model, "held")
    assert model.stream_frame()[1:3] == bytes([71, 98])
    assert model.stream_frame()[3] & 0x08


def test_no_pulse_is_511_and_127() -> None:
    assert Nonin().stream_frame() == bytes.fromhex("A37F7F00")


def test_printed_frames_of_format_2() -> None:
    model = Nonin(pulse_bpm=72, spo2_percent=98, search_s=0.0, data_format=2)
    frames = [model.stream_frame() for _ in range(25)]
    assert [frame[3] for frame in frames[:3]] == [0x00, 0x48, 0x62]
    assert [frame[1] & 1 for frame in frames] == [1] + [0] * 24
    assert all(sum(frame[:4]) % 256 == frame[4] for frame in frames)
    assert frames[8][3] == 98
    assert frames[20][3] == 72


def test_printed_packet_of_format_13() -> None:
    model = Nonin(pulse_bpm=72, spo2_percent=98, search_s=0.0, data_format=13)
    assert model.packet_13() == bytes.fromhex("0002000D000E20260711090530000200004800624803")


def test_stored_packets_come_first_and_are_marked() -> None:
    model = Nonin(search_s=0.0)
    apply_scenario(model, "stale_memory")
    packets = [model.packet_13() for _ in range(4)]
    assert [bool(packet[15] & 0x10) for packet in packets] == [True, True, True, False]


def test_rates() -> None:
    assert len(lived(Nonin(), 10.0)) == 10 * 4
    assert len(lived(Nonin(data_format=7), 2.0)) in (149 * 5, 150 * 5)


def test_formats_are_chosen_by_command() -> None:
    model = Nonin()
    model.receive(bytes.fromhex("0270"))
    model.receive(bytes.fromhex("02020D03"))
    assert (model.transmit(), model.data_format) == (b"\x06", 13)
    model.receive(bytes.fromhex("027002025503"))
    assert (model.transmit(), model.data_format) == (b"\x15", 13)
