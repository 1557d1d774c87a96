"""The simulated ACCUNIQ against the printed frames."""

from datetime import UTC, datetime

from simulators.accuniq_bp500 import AccuniqBp500

ENQ, ACK, VERSION = bytes.fromhex("0205030A"), bytes.fromhex("0206030B"), bytes.fromhex("0256035B")
GOLDEN = bytes.fromhex(
    "0252312C3030303030303030302C3231303432372C3135333030302C3132382C3039372C303832"
    "2C3038342C303030302C303030302C30303030302C30303003E6"
)


def told(model: AccuniqBp500, command: bytes) -> bytes:
    model.receive(command)
    return model.transmit()


def test_printed_record() -> None:
    model = AccuniqBp500(results=((128, 82, 84),), clock=datetime(2021, 4, 27, 15, 30, tzinfo=UTC))
    assert told(model, ENQ) == GOLDEN


def test_nothing_stored_is_all_zeros() -> None:
    reply = told(AccuniqBp500(), ENQ)
    assert len(reply) == 65
    assert reply[-1] == 0x9C
    assert told(AccuniqBp500(answers_when_idle=False), ENQ) == b""


def test_enq_keeps_and_ack_deletes() -> None:
    model = AccuniqBp500(results=((128, 82, 84), (131, 85, 80)))
    assert told(model, ENQ) == told(model, ENQ)
    assert told(model, ACK) == b""
    assert model.results == ((131, 85, 80),)
    stubborn = AccuniqBp500(results=((128, 82, 84),), obeys_ack=False)
    told(stubborn, ACK)
    assert stubborn.results


def test_bp250_sends_an_end_and_knows_its_version() -> None:
    model = AccuniqBp500(bp250=True, results=((128, 82, 84),))
    assert told(model, ENQ).endswith(bytes.fromhex("02040309"))
    assert told(model, VERSION)[1:2] == b"V"
    model.results = ()
    assert told(model, ENQ) == b""
    assert told(AccuniqBp500(), VERSION) == b""


def test_somebody_measures_now_and_then() -> None:
    model = AccuniqBp500()
    for _ in range(1500):
        model.tick(0.05)
    assert model.results == ((122, 78, 71), (122, 78, 71))


def test_commands_in_pieces_and_a_corrupted_sum() -> None:
    model = AccuniqBp500(corrupt=True)
    assert told(model, b"\x00" + ENQ[:2]) == b""
    reply = told(model, ENQ[2:])
    assert sum(reply[:-1]) % 256 != reply[-1]
