"""`dopusk decode --checksums`: what somebody who writes golden frames would otherwise compute by hand."""

from tests.command_line import run

ANSWER = "01 03 0e 01 6d 01 68 01 6f 01 6e 01 6e 01 19 00 00"


def test_the_checksums_of_a_frame_are_printed() -> None:
    done = run("decode", "calex_pyrominibus", "--checksums", "--hex", ANSWER)
    assert done.code == 0, done.err
    rows = [line.split() for line in done.out.splitlines()]
    assert rows[0] == ["CRC-16/MODBUS", "9a", "85"]
    values = bytes.fromhex(ANSWER)
    assert rows[1][1] == f"{sum(values) % 256:02x}"
    assert (int(rows[1][1], 16) + int(rows[1][-1], 16)) % 256 == 0
    assert rows[2][0] == "XOR"


def test_a_frame_with_its_checksum_is_taken() -> None:
    assert run("decode", "calex_pyrominibus", "--hex", f"{ANSWER} 9a 85").code == 0
    assert run("decode", "calex_pyrominibus", "--hex", f"{ANSWER} 9a 86").code == 1
