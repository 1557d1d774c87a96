"""Gates that the centre talks to (Sigur's delegation and ALLOWPASS, PERCo-Web, webhooks), against stand-ins made from the facts."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from central.core.trust import Trust
from central.deciding.passages import GatePassages
from central.partners.gate_talkers import talker_of
from central.partners.gate_threads import gate_threads
from central.partners.told_gate import ToldGate
from central.store.engine import writing
from central.store.gate_passages import Passage
from central.store.registry import worker
from simulators.gate_receiver import WebhookReceiver
from simulators.perco_web import DEVICE, PercoWeb
from simulators.sigur_server import SigurServer
from tests.console_centre import ConsoleCentre
from tests.gate_centre import passages, with_gate
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
        with gate_threads(centre.engine, centre.config.gates, Trust(centre.config.keys.authority_dir)):
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


def _perco(server: PercoWeb, secret: Path) -> dict[str, Any]:
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
    with PercoWeb("dopusk", SECRET) as server:
        gate = told_gate(centre, **_perco(server, secret))
        admit()
        server.troubles.extend([trouble] if trouble else [])
        gate.look()
        gate.look()
        assert (only(centre).state, server.openings) == (state, openings)


class Hooked:
    """A gate that is told by a webhook, with a clock of its own."""

    def __init__(self, centre: ConsoleCentre, server: WebhookReceiver, secret: Path) -> None:
        settings = {"kind": "webhook", "url": f"{server.url}/hook", "secret_file": secret, "answer_within_s": 1.0}
        self._centre, self._s = centre, 0.0
        self.gate = told_gate(centre, **settings)
        self.gate._monotonic = lambda: self._s

    def after(self, seconds: float) -> None:
        """Look again after so long."""
        self._s += seconds
        self._centre.shift += timedelta(seconds=seconds)
        self.gate.look()

    def anew(self) -> None:
        """The program ends and begins again."""
        gate = self.gate
        self.gate = ToldGate(gate._gate, gate._passages, gate._talker, self._centre.now, lambda: self._s)


@pytest.fixture
def receiver(centre, secret) -> Iterator[WebhookReceiver]:
    with WebhookReceiver(SECRET) as server:
        yield server


@pytest.fixture
def hooked(centre, receiver, secret) -> Hooked:
    return Hooked(centre, receiver, secret)


def test_a_webhook_is_signed_and_names_the_passage(centre, admit, receiver, hooked) -> None:
    admit()
    hooked.after(0)
    (call,) = receiver.calls
    assert (call["passage_id"], call["personnel_number"]) == (only(centre).passage_id, "1001")
    assert (receiver.openings, only(centre).state) == ([only(centre).passage_id], "told")


def test_a_webhook_with_another_key_opens_nothing(centre, admit, secret) -> None:
    with WebhookReceiver("another key") as server:
        admit()
        Hooked(centre, server, secret).after(0)
        assert (server.openings, only(centre).state, only(centre).words) == ([], "failed", "401")


def test_a_webhook_is_repeated_after_growing_rests_and_opens_once(centre, admit, receiver, hooked) -> None:
    admit()
    receiver.troubles.extend(["refuse", "late", "late"])
    heard = []
    for seconds in (0, 0.5, 0.6, 1.5, 0.6, 3.5, 0.6):
        hooked.after(seconds)
        heard.append((len(receiver.calls), only(centre).state))
    assert heard == [(0, "telling")] * 2 + [(1, "telling")] * 2 + [(2, "telling")] * 2 + [(3, "told")]
    assert receiver.calls[0] == receiver.calls[1] == receiver.calls[2]
    assert receiver.openings == [only(centre).passage_id]


def test_a_webhook_outlives_a_restart_of_the_program_and_opens_once(centre, admit, receiver, hooked) -> None:
    admit()
    receiver.troubles.append("late")
    hooked.after(0)
    hooked.anew()
    hooked.after(1)
    assert (len(receiver.calls), len(receiver.openings), only(centre).state) == (2, 1, "told")


@pytest.mark.parametrize(("trouble", "state"), [("late", "unknown"), ("refuse", "unknown")])
def test_a_webhook_that_nobody_answers_ends_with_its_minute(centre, admit, receiver, hooked, trouble, state) -> None:
    admit()
    receiver.troubles.extend([trouble] * 2)
    hooked.after(0)
    hooked.after(59)
    hooked.anew()
    hooked.after(2)
    assert (len(receiver.openings), only(centre).state) == (trouble == "late", state)
    hooked.after(1)
    assert len(receiver.calls) == 2 * (trouble == "late"), "nothing is said after the minute"


def test_a_gate_that_was_never_reached_failed(centre, admit, secret) -> None:
    with WebhookReceiver(SECRET) as server:
        gone = Hooked(centre, server, secret)
    admit()
    gone.after(0)
    assert only(centre).state == "telling"
    gone.after(61)
    assert only(centre).state == "failed"


def test_a_correction_stops_the_repeats(centre, zoya, admit, receiver, hooked) -> None:
    exam_id = admit()
    receiver.troubles.append("refuse")
    hooked.after(0)
    answer = zoya.decide(
        exam_id,
        outcome="not_admitted",
        reasons="pressure_high",
        comment="пересмотр",
        corrects=only(centre).decision_id,
    )
    assert answer.status_code == 303
    hooked.after(2)
    assert (receiver.calls, receiver.openings, only(centre).state) == ([], [], "unknown")


def test_a_broken_network_and_a_stale_admission_open_nothing(centre, admit, secret) -> None:
    with PercoWeb("dopusk", SECRET) as server:
        gate = told_gate(centre, **_perco(server, secret))
    admit()
    assert gate.look() == 0
    assert only(centre).state == "failed"
    centre.shift = timedelta(minutes=2)
    other = told_gate(centre, name="second", **_perco(server, secret))
    assert other.look() == 0
    assert len(passages(centre)) == 1


def test_what_was_in_hand_when_the_program_ended_is_unknown_and_not_said_again(centre, admit, secret) -> None:
    class Killed(Exception):
        pass

    class Dying:
        tells_repeats = False

        def let_in(self, *_: Any) -> None:
            raise Killed

    with PercoWeb("dopusk", SECRET) as server:
        gate = told_gate(centre, **_perco(server, secret))
        gate._talker = Dying()
        admit()
        with pytest.raises(Killed):
            gate.look()
        assert only(centre).state == "telling"
        again = ToldGate(gate._gate, gate._passages, talker_of(gate._gate), centre.now)
        again.look()
        assert (only(centre).state, server.openings) == ("unknown", 0)
