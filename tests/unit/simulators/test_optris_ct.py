"""The simulated Optris against the printed replies."""

from simulators.optris_ct import OptrisCt


def told(model: OptrisCt, command: bytes) -> bytes:
    model.receive(command)
    return model.transmit()


def test_printed_replies() -> None:
    assert told(OptrisCt(), b"\x01") == bytes.fromhex("04D3")
    there = OptrisCt(comes_after_s=0.0, warms_s=0.05)
    there.receive(b"\x01")
    there.transmit()
    there.tick(0.05)
    there.tick(0.05)
    assert told(there, b"\x01") == bytes.fromhex("0556")
    assert told(OptrisCt(), b"\x04") == bytes.fromhex("03B6")
    assert told(OptrisCt(), b"\x05") == bytes.fromhex("03E8")
    assert told(OptrisCt(serial_number=0x7A6590), b"\x0e") == bytes.fromhex("7A6590")


def test_other_temperatures() -> None:
    assert [told(OptrisCt(), bytes([code])) for code in (2, 3, 9)] == [
        (1251).to_bytes(2, "big"), (1281).to_bytes(2, "big"), (1311).to_bytes(2, "big"),
    ]  # fmt: skip
    assert told(OptrisCt(hs_model=True), b"\x01") == (12350).to_bytes(2, "big")


def test_on_a_bus_only_its_own_address_is_answered() -> None:
    model = OptrisCt(bus_address=5)
    assert told(model, b"\x01") == b""
    assert told(model, b"\xb4\x01") == b""
    assert told(model, b"\xb5\x01") == bytes.fromhex("04D3")


def test_silent_deaf_and_unknown() -> None:
    assert told(OptrisCt(silent=True), b"\x01") == b""
    assert told(OptrisCt(deaf_to=1), b"\x01") == b"\xff\xff"
    assert told(OptrisCt(), b"\x7f") == b""
