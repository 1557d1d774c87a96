"""The simulated five-byte stream against the printed frames."""

from simulators.contec_legacy import ContecLegacy


def lived(model: ContecLegacy, seconds: float) -> bytes:
    sent = b""
    for _ in range(round(seconds / 0.05)):
        model.tick(0.05)
        sent += model.transmit()
    return sent


def test_printed_frames() -> None:
    normal = ContecLegacy(pulse_bpm=72, spo2_percent=98, search_s=0.0).live()
    assert normal[3:] == bytes.fromhex("4862")
    fast = ContecLegacy(pulse_bpm=140, spo2_percent=97, search_s=0.0).live()
    assert (fast[2] & 0x40, fast[3:]) == (0x40, bytes.fromhex("0C61"))
    out = ContecLegacy(berry=True, finger_in=False).live()
    assert out[0] & 0x10
    assert (out[2] & 0x50, out[3:]) == (0x50, bytes.fromhex("7F7F"))


def test_bit_7_stands_in_the_first_byte_only() -> None:
    sent = lived(ContecLegacy(pulse_bpm=149), 5.0)
    assert len(sent) % 5 == 0
    assert all((byte >= 0x80) == (place % 5 == 0) for place, byte in enumerate(sent))


def test_rates() -> None:
    assert 299 <= len(lived(ContecLegacy(), 5.0)) / 5 <= 302
    assert 499 <= len(lived(ContecLegacy(berry=True), 5.0)) / 5 <= 502


def test_memory_begins_with_its_header_and_ends_on_command() -> None:
    model = ContecLegacy(plays_memory=True)
    sent = lived(model, 0.2)
    assert sent.startswith(bytes.fromhex("F28000F28000F28000"))
    assert sent[12] == 0xF0
    model.receive(bytes.fromhex("F6F6F6"))
    assert lived(model, 0.2)[1] < 0x80


def test_silence() -> None:
    assert lived(ContecLegacy(silent=True), 1.0) == b""
