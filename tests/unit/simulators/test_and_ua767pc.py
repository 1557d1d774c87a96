"""The simulated UA-767PC against the printed strings."""

from simulators.and_ua767pc import AndUa767pc


def lived(model: AndUa767pc, seconds: float) -> bytes:
    sent = b""
    for _ in range(round(seconds / 0.05)):
        model.tick(0.05)
        sent += model.transmit()
    return sent


def test_printed_strings() -> None:
    assert AndUa767pc(systolic_mmhg=152, diastolic_mmhg=76, pulse_bpm=73).digits() == b"804C4C4960"
    assert AndUa767pc(systolic_mmhg=120, diastolic_mmhg=80, pulse_bpm=72, last_byte=0x60).digits() == b"8028504860"


def test_one_string_after_each_measurement() -> None:
    assert lived(AndUa767pc(), 71.0) == AndUa767pc().digits() * 2
    assert lived(AndUa767pc(silent=True), 71.0) == b""


def test_a_lost_digit() -> None:
    assert len(AndUa767pc(loses_digit=True).digits()) == 9


def test_keeps_what_the_host_says() -> None:
    model = AndUa767pc()
    model.receive(bytes.fromhex("0243504330353B"))
    assert model.host_said == bytes.fromhex("0243504330353B")
    assert model.transmit() == b""
