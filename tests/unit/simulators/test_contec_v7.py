"""The simulated Contec V7.0 against the printed packets."""

from simulators.contec_v7 import ContecV7, packed

START = bytes.fromhex("7D81A1808080808080")
STOP = bytes.fromhex("7D81A2808080808080")
KEEP_ALIVE = bytes.fromhex("7D81AF808080808080")


def lived(model: ContecV7, seconds: float) -> bytes:
    sent = b""
    for _ in range(round(seconds / 0.05)):
        model.tick(0.05)
        sent += model.transmit()
    return sent


def test_printed_live_packets() -> None:
    model = ContecV7(pulse_bpm=72, spo2_percent=98, search_s=0.0)
    assert model.live() == bytes.fromhex("01A0C6B389C8E2A481")
    assert ContecV7(finger_in=False).live() == bytes.fromhex("01E980C090FFFFFFFF")


def test_printed_answers() -> None:
    assert packed(0x0B, [0xA1, 0x05]) == bytes.fromhex("0B81A185")
    model = ContecV7()
    model.receive(STOP)
    assert model.transmit() == bytes.fromhex("0C80")
    model.receive(bytes.fromhex("7D81AA808080808080"))
    assert model.transmit() == bytes.fromhex("0480F5F3E5F2A0A0A0")
    model.receive(bytes.fromhex("7D81AC808080808080"))
    assert model.transmit() == bytes.fromhex("0E8081")
    model.receive(bytes.fromhex("7D81B0808080808080"))
    assert model.transmit() == bytes.fromhex("0B81B085")


def test_streams_sixty_packets_a_second_between_start_and_stop() -> None:
    model = ContecV7()
    assert lived(model, 1.0) == b""
    model.receive(b"\x00" + START[:4])
    model.receive(START[4:])
    assert 59 * 9 <= len(lived(model, 1.0)) <= 61 * 9
    model.receive(STOP)
    assert lived(model, 1.0) == bytes.fromhex("0C80")


def test_stops_without_keep_alive() -> None:
    model = ContecV7()
    model.receive(START)
    lived(model, 13.0)
    assert lived(model, 1.0) == b""
    model.receive(START)
    for _ in range(4):
        lived(model, 5.0)
        model.receive(KEEP_ALIVE)
    assert lived(model, 1.0) != b""


def test_refusal_farewell_and_memory() -> None:
    model = ContecV7(refusal=0x03)
    model.receive(START)
    assert model.transmit() == packed(0x0B, [0xA1, 0x03])
    model = ContecV7(farewell=0x01)
    model.receive(START)
    assert lived(model, 2.0).endswith(packed(0x0D, [0x01]))
    model = ContecV7(plays_memory=True)
    model.receive(START)
    assert lived(model, 0.5)[0] == 0x09
