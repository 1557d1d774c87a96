"""The simulated LU90614 against the printed frames."""

from simulators.lu90614 import Lu90614

MEASURE = bytes.fromhex("FACAC4")


def asked(model: Lu90614, after_s: float = 0.3) -> bytes:
    model.receive(MEASURE)
    for _ in range(round(after_s / 0.05)):
        model.tick(0.05)
    return model.transmit()


def test_printed_frames() -> None:
    there = {"comes_after_s": 0.0, "warms_s": 0.05}
    assert asked(Lu90614(forehead_celsius=36.6, **there)) == bytes.fromhex("FEAC243C000000000A")
    assert asked(Lu90614(forehead_celsius=40.3, **there)) == bytes.fromhex("FEAC281E00000000F0")


def test_modes_are_stored() -> None:
    model = Lu90614()
    model.receive(bytes.fromhex("FAC6C0"))
    assert asked(model)[1] == 0xAA
    model.receive(bytes.fromhex("FAC5"))
    model.receive(bytes.fromhex("BF"))
    assert asked(model)[1] == 0xAC
    fixed = Lu90614(body_mode=False, keeps_mode=True)
    fixed.receive(bytes.fromhex("FAC5BF"))
    assert asked(fixed)[1] == 0xAA


def test_a_forehead_comes_after_a_while() -> None:
    model = Lu90614()
    assert asked(model)[2] == 23
    for _ in range(40):
        model.tick(0.05)
    assert asked(model)[2:4] == bytes([36, 60])


def test_the_answer_takes_its_time() -> None:
    assert asked(Lu90614(), after_s=0.1) == b""


def test_deaf_silent_and_corrupted() -> None:
    model = Lu90614(deaf_to=1)
    assert asked(model) == b""
    assert asked(model) != b""
    assert asked(Lu90614(silent=True)) == b""
    reply = asked(Lu90614(corrupt=True))
    assert sum(reply[:8]) % 256 != reply[8]
    assert asked(Lu90614(), after_s=0.0) == b""
