"""Gates that the centre talks to (Sigur's delegation and ALLOWPASS, PERCo-Web, webhooks), against stand-ins made from the facts."""

import hmac
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from central.core.trust import Trust
from central.deciding.passages import GatePassages
from central.partners.gate_talkers import talker_of
from central.partners.gate_threads import GateThreads, ToldGate
from central.store.engine import writing
from central.store.gate_passages import Passage
from central.store.registry import worker
from tests.console_centre import ConsoleCentre
from tests.gate_centre import passages, with_gate
from tests.perco_server import DEVICE, PercoServer
from tests.sigur_server import SigurServer
from tests.waiting import LONGEST_S, until

SECRET = "secret of the gate"
CARD = (123, 45678)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "gate-secret"
    path.write_text(f"{SECRET}\n")
    return path


@pytest.fixture
def admit(centre: ConsoleCentre, zoya) -> Callable[[], str]:
    def given() -> str:
        exam_id = centre.exam()
        assert zoya.decide(exam_id, outcome="admitted").status_code == 303
        return exam_id

    with writing(centre.engine) as connection:
        own = worker.c.worker_id == centre.people.workers["1001"]
        connection.execute(update(worker).where(own).values(cards=["123,45678"]))
    return given


@pytest.fixture
def sigur(centre: ConsoleCentre, secret) -> Iterator[SigurServer]:
    """A server whose questions the centre answers."""
    with SigurServer("dopusk", SECRET) as server:
        with_gate(centre, **_sigur(server, secret))
        with GateThreads(centre.engine, centre.config.gates, Trust(centre.config.keys.authority_dir)):
            assert server.delegating.wait(LONGEST_S)
            yield server


def _sigur(server: SigurServer, secret: Path, **more: Any) -> dict[str, Any]:
    place = {"kind": "sigur", "host": "127.0.0.1", "port": server.port, "login": "dopusk", "access_point": 3}
    return place | {"secret_file": secret} | more


def code_of(sigur: SigurServer) -> str:
    return sigur.replies.get(timeout=LONGEST_S)[3]


def test_sigur_lets_in_once_and_denies_the_rest(centre, sigur, admit) -> None:
    sigur.card(*CARD)
    assert code_of(sigur) == "3", "not examined"
    admit()
    sigur.card(*CARD)
    assert code_of(sigur) == "255"
    sigur.card(*CARD)
    assert code_of(sigur) == "3"
    sigur.card(1, 2)
    assert code_of(sigur) == "3", "nobody has this card"
    assert sigur.openings == ["IN"]
    assert [row.answer for row in reversed(passages(centre))] == [
        "not_examined",
        "open",
        "already_opened",
        "unknown_worker",
    ]


def test_sigur_asks_twice_with_one_number_and_one_opens(centre, sigur, admit) -> None:
    admit()
    sigur.card(*CARD)
    assert code_of(sigur) == "255"
    sigur.card(*CARD, again=True)
    assert code_of(sigur) == "3"
    assert (sigur.openings, len(passages(centre))) == (["IN"], 1)


def test_the_way_out_is_left_to_the_controller_and_another_point_is_denied(centre, sigur, admit) -> None:
    admit()
    sigur.card(*CARD, direction="OUT")
    sigur.card(*CARD, point=9)
    assert code_of(sigur) == "3"
    until(lambda: len(passages(centre)) == 2)
    assert {row.answer for row in passages(centre)} == {"way_out", "unknown_gate"}
    assert sigur.openings == []


def test_a_card_of_two_workers_opens_for_nobody(centre, sigur, admit) -> None:
    admit()
    with writing(centre.engine) as connection:
        other = worker.c.worker_id == centre.people.workers["1002"]
        connection.execute(update(worker).where(other).values(cards=["08105582"]))
    assert (123 << 16 | 45678) == 8106606
    with writing(centre.engine) as connection:
        connection.execute(update(worker).where(other).values(cards=["08106606"]))
    sigur.card(*CARD)
    assert code_of(sigur) == "3"


@pytest.mark.parametrize(
    "line",
    [b"DELEGATION_REQUEST\r\n", b"DELEGATION_REQUEST 1 3 W26\r\n", b"x" * 5000, b"DELEGATION_REQUEST a b c d e IN\r\n"],
)
def test_a_controller_that_speaks_garbage_opens_nothing_and_is_met_anew(centre, sigur, admit, line) -> None:
    admit()
    sigur.delegating.clear()
    sigur.say(line)
    assert sigur.delegating.wait(LONGEST_S)
    assert sigur.openings == []
    sigur.card(*CARD)
    assert code_of(sigur) == "255"


def told_gate(centre: ConsoleCentre, **settings: Any) -> ToldGate:
    gate = with_gate(centre, opens="on_admission", terminals=("kiosk-1",), **settings)
    made = GatePassages(centre.engine, Trust(centre.config.keys.authority_dir), centre.now)
    return ToldGate(gate, made, talker_of(gate), centre.now)


def only(centre: ConsoleCentre) -> Passage:
    (row,) = passages(centre)
    return row


def test_allowpass_lets_in_who_was_admitted_beside_it(centre, admit, secret) -> None:
    with SigurServer("dopusk", SECRET) as server:
        gate = told_gate(centre, **_sigur(server, secret))
        assert gate.look() == 0
        admit()
        assert gate.look() == 1
        assert gate.look() == 0
        assert (server.openings, only(centre).state) == (["IN"], "told")


@pytest.mark.parametrize(
    ("troubles", "state", "openings"),
    [
        (["other_point"], "failed", 0),
        (["garbage"], "failed", 0),
        (["", "silent"], "unknown", 0),
        (["", "garbage"], "unknown", 0),
    ],
    ids=str,
)
def test_an_echo_of_another_point_is_refused_and_nothing_is_said_twice(
    centre, admit, secret, troubles, state, openings
) -> None:
    with SigurServer("dopusk", SECRET) as server:
        gate = told_gate(centre, **_sigur(server, secret))
        admit()
        server.troubles.extend(troubles)
        assert gate.look() == 0
        assert gate.look() == 0
        assert (only(centre).state, len(server.openings)) == (state, openings)


def _perco(server: PercoServer, secret: Path) -> dict[str, Any]:
    command = {"number": 1, "type": 0, "value": 3, "param": 5000}
    known = {"kind": "perco", "url": server.url, "login": "dopusk", "device_id": DEVICE, "command": command}
    return known | {"secret_file": secret, "answer_within_s": 1.0}


@pytest.mark.parametrize(
    ("trouble", "state", "openings"),
    [
        ("", "told", 1),
        ("expire", "told", 1),
        ("refuse", "failed", 0),
        ("garbage", "unknown", 1),
        ("hang", "unknown", 1),
    ],
)
def test_perco_gets_the_command_once(centre, admit, secret, trouble, state, openings) -> None:
    with PercoServer("dopusk", SECRET) as server:
        gate = told_gate(centre, **_perco(server, secret))
        admit()
        server.troubles.extend([trouble] if trouble else [])
        gate.look()
        gate.look()
        assert (only(centre).state, server.openings) == (state, openings)


def test_a_webhook_is_signed_and_names_the_passage(centre, admit, secret) -> None:
    with PercoServer() as server:
        gate = told_gate(centre, kind="webhook", url=f"{server.url}/hook", secret_file=secret)
        admit()
        assert gate.look() == 1
        ((body, raw, signature),) = server.hooked
        assert signature == f"sha256={hmac.digest(SECRET.encode(), raw, 'sha256').hex()}"
        assert (body["passage_id"], body["personnel_number"]) == (only(centre).passage_id, "1001")


def test_a_broken_network_and_a_stale_admission_open_nothing(centre, admit, secret) -> None:
    with PercoServer("dopusk", SECRET) as server:
        gate = told_gate(centre, **_perco(server, secret))
    admit()
    assert gate.look() == 0
    assert only(centre).state == "failed"
    centre.shift = timedelta(minutes=2)
    other = told_gate(centre, name="second", kind="webhook", url=f"{server.url}/hook", secret_file=secret)
    assert other.look() == 0
    assert len(passages(centre)) == 1


def test_what_was_in_hand_when_the_program_ended_is_unknown_and_not_said_again(centre, admit, secret) -> None:
    class Killed(Exception):
        pass

    class Dying:
        def let_in(self, *_: Any) -> None:
            raise Killed

    with PercoServer("dopusk", SECRET) as server:
        gate = told_gate(centre, **_perco(server, secret))
        gate._talker = Dying()
        admit()
        with pytest.raises(Killed):
            gate.look()
        assert only(centre).state == "telling"
        again = ToldGate(gate._gate, gate._passages, talker_of(gate._gate), centre.now)
        again.look()
        assert (only(centre).state, server.openings) == ("unknown", 0)
