"""An answer is found wherever noise has put it, however the bytes are split, and nothing else is ever taken for it."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from drivers.modbus_adu import Adu, Answer, answer_adu, crc16
from drivers.modbus_answer import AnswerReader, Question
from drivers.modbus_owed import OwedAnswers

UNITS = st.integers(1, 247)
WORDS = st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=8)
NOISE = st.binary(max_size=20)
CUTS = st.lists(st.integers(1, 6), min_size=1, max_size=40)


def question(unit: int = 1, address: int = 0x20, count: int = 1, *, function: int = 3, tcp: bool = False) -> Question:
    pdu = bytes([unit, function]) + address.to_bytes(2, "big") + count.to_bytes(2, "big")
    adu = b"\x00\x07\x00\x00\x00\x06" + pdu if tcp else pdu + crc16(pdu)
    return Question(unit, function, address, count, adu, tcp)


def fed(asked: Question, data: bytes, cuts: list[int]) -> tuple[Adu | None, AnswerReader]:
    """What a reader makes of the bytes, in pieces of these sizes; it stops at its answer, as a line does."""
    reader = AnswerReader(asked)
    at = piece = 0
    while at < len(data):
        size = cuts[piece % len(cuts)]
        answer = reader.feed(data[at : at + size])
        if answer is not None:
            return answer, reader
        at, piece = at + size, piece + 1
    return None, reader


@given(UNITS, st.integers(0, 0xFFF0), WORDS, NOISE, st.booleans(), CUTS)
def test_the_answer_is_found_behind_noise_and_echo(
    unit: int, address: int, words: list[int], noise: bytes, echo: bool, cuts: list[int]
) -> None:
    asked = question(unit, address, len(words))
    told = answer_adu(words, unit)
    data = noise + (asked.adu if echo else b"") + told
    assume(told not in (noise + asked.adu) and not asked.adu.startswith(data))
    answer, reader = fed(asked, data, cuts)
    assert isinstance(answer, Answer)
    assert (answer.registers, answer.adu) == (tuple(words), told)
    assert not reader.several
    assert not echo or reader.echoed


@given(UNITS, WORDS, UNITS, WORDS, st.sampled_from([3, 4]), st.sampled_from([3, 4]), CUTS)
def test_an_answer_of_another_shape_is_never_taken(
    unit: int, words: list[int], other: int, others: list[int], function: int, other_function: int, cuts: list[int]
) -> None:
    asked = question(unit, 0x20, len(words), function=function)
    assume((unit, function, len(words)) != (other, other_function, len(others)))
    told = answer_adu(others, other, other_function)
    answer, reader = fed(asked, told, cuts)
    assert answer is None
    assert "not ours" in reader.why_not()


@given(st.binary(max_size=300), CUTS, st.booleans())
def test_garbage_never_raises_and_is_no_answer(data: bytes, cuts: list[int], tcp: bool) -> None:
    asked = question(tcp=tcp)
    answer, reader = fed(asked, data, cuts)
    if answer is not None:  # one of 65,536 is right by chance: then it is so to the byte
        assert asked.answered_by(answer)
        assert answer.adu in data
    else:
        assert isinstance(reader.why_not(), str)


@given(UNITS, st.integers(0, 0xFFFF), st.integers(1, 125))
def test_what_was_sent_alone_is_silence(unit: int, address: int, count: int) -> None:
    for function in (3, 4):
        asked = question(unit, address, count, function=function)
        answer, reader = fed(asked, asked.adu, [3])
        assert answer is None
        assert reader.why_not() == ""


def test_a_tcp_answer_carries_its_number() -> None:
    asked = question(tcp=True)
    told = b"\x00\x07\x00\x00\x00\x05\x01\x03\x02\x00\x55"
    late = b"\x00\x06\x00\x00\x00\x05\x01\x03\x02\x00\x04"
    answer, _ = fed(asked, late + told, [4])
    assert isinstance(answer, Answer)
    assert answer.registers == (85,)
    assert fed(asked, late, [4])[0] is None
    assert "transaction number" in fed(asked, late, [4])[1].why_not()


class TestOwed:
    def test_another_question_waits_for_silence_and_the_same_one_does_not(self) -> None:
        owed = OwedAnswers()
        owed.add(question(address=0x11), 10.0, 0.3)
        assert owed.silence_s(question(address=0x20), 10.0) == 0.3
        assert owed.silence_s(question(unit=2, address=0x11), 10.0) == 0.3
        assert owed.silence_s(question(address=0x11), 10.0) == 0.0
        owed.waited_out()
        assert owed.silence_s(question(address=0x20), 10.0) == 0.0

    def test_as_many_equal_answers_more_as_are_owed(self) -> None:
        owed = OwedAnswers()
        for _ in range(2):
            owed.add(question(address=0x11), 10.0, 0.3)
        assert owed.equals_wanted(question(address=0x20), 10.0) == 3
        assert owed.equals_wanted(question(address=0x20, count=2), 10.0) == 1
        assert owed.equals_wanted(question(unit=2, address=0x20), 10.0) == 1
        assert owed.equals_wanted(question(address=0x11), 10.0) == 1

    def test_what_comes_pays_and_time_forgives(self) -> None:
        owed = OwedAnswers()
        owed.add(question(address=0x11), 10.0, 0.3)
        late = Answer(1, 3, (4,), answer_adu([4]))
        assert owed.pay([late, late]) == [late]
        assert owed.equals_wanted(question(address=0x20), 10.0) == 1
        owed.add(question(address=0x11), 10.0, 0.3)
        assert owed.equals_wanted(question(address=0x20), 12.9) == 2
        assert owed.equals_wanted(question(address=0x20), 13.1) == 1


@pytest.mark.parametrize("code", [1, 2, 6, 11])
def test_a_refusal_is_an_answer(code: int) -> None:
    body = bytes([1, 0x83, code])
    answer, _ = fed(question(), b"\xff" + body + crc16(body), [2])
    assert answer is not None
    assert answer.adu == body + crc16(body)
