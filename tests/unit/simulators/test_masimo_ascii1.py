"""The simulated Masimo against the printed line."""

from datetime import UTC, datetime

from simulators.masimo_ascii1 import MasimoAscii1


def lived(model: MasimoAscii1, seconds: float) -> list[bytes]:
    sent = b""
    for _ in range(round(seconds / 0.05)):
        model.tick(0.05)
        sent += model.transmit()
    return sent.split(b"\r\n")[:-1]


def test_printed_line() -> None:
    model = MasimoAscii1(
        radical_7=False, exceptions=0x001, search_s=-1.0, clock=datetime(2016, 3, 19, 13, 37, 12, tzinfo=UTC)
    )
    printed = "03/19/16 13:37:12 SN=0000093112 SPO2=---% BPM=--- DESAT=-- PIDELTA=+-- ALARM=0000 EXC=000001"
    assert model.line() == printed.replace("---%", "098%").replace("BPM=---", "BPM=071")
    model.search_s = 1e9
    assert model.line() == printed.replace("EXC=000001", "EXC=000009")


def test_one_line_a_second_and_dashes_until_the_pulse_is_found() -> None:
    lines = lived(MasimoAscii1(), 6.1)
    assert len(lines) == 6
    assert b"SPO2=---%" in lines[0]
    assert b"SPO2=098% BPM=071 PI=04.20%" in lines[-1]


def test_silence_and_no_commands() -> None:
    model = MasimoAscii1(silent=True)
    model.receive(b"?\r\n")
    assert lived(model, 3.0) == []


def test_ascii_2_has_no_tokens() -> None:
    assert b"=" not in lived(MasimoAscii1(ascii_2=True), 1.05)[0]
