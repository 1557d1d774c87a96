"""Sigur asks at each card (delegation): the answer is 255 for an admission that has opened nothing yet, and 3 for all else.

What the controller does while this program is away is its own setting. About the way out nothing is answered: it is logged, and the
controller decides.
"""

import logging
import time
from collections.abc import Callable

from central.core.gate_config import GateConfig
from central.deciding.passages import Asked, GatePassages
from central.partners.sigur_line import SigurAway, SigurLine
from central.partners.sigur_words import ALLOW, DENY, DelegationRequest, UnreadableLine, card_forms, reply, request_in
from sync.contract.canonical import new_id

log = logging.getLogger(__name__)

LOOK_S = 1.0
"""So often a silent line is left to see whether the program is to end."""
_SHOWN_DIGITS = 4


class SigurDelegation:
    """One gate's talk with its server. `talk` returns when `is_stopping`, and raises `SigurAway` when the line is lost."""

    def __init__(self, gate: GateConfig, passages: GatePassages, password: str) -> None:
        self._gate, self._passages, self._password = gate, passages, password

    def talk(self, is_stopping: Callable[[], bool]) -> None:
        """Log in, take the decisions over, answer until told to stop."""
        gate = self._gate
        with SigurLine(gate.host or "", gate.port, gate.login or "", self._password) as line:
            line.ask_ok("DELEGATION_START")
            # Identifiers of requests begin anew with each connection.
            connection_id = new_id()
            while not is_stopping():
                heard = line.hear(LOOK_S)
                if heard:
                    self._take(line, heard, connection_id)
            line.say("DELEGATION_STOP")

    def _take(self, line: SigurLine, heard: str, connection_id: str) -> None:
        began_s = time.monotonic()
        try:
            request = request_in(heard)
        except UnreadableLine as error:
            self._passages.ask(self._gate, Asked(new_id(), refusal="unreadable"))
            raise SigurAway(f"{self._gate.name}: the server speaks garbage") from error
        if request is None:
            # "OK" to an answer, an event, an error: none of them asks anything.
            if heard.startswith("ERROR"):
                log.warning("gate %s: the server answered %s", self._gate.name, heard[:60])
            return
        self._answer(line, request, connection_id, began_s)

    def _answer(self, line: SigurLine, request: DelegationRequest, connection_id: str, began_s: float) -> None:
        gate, key = self._gate, f"{connection_id}:{request.request_id}:{request.access_point}"
        refusal = "" if request.is_way_in else "way_out"
        if request.access_point != str(gate.access_point):
            refusal = "unknown_gate"
        worker_id = self._passages.worker_by_card(gate, card_forms(request.key))
        asked_for = "…" + request.key[2][-_SHOWN_DIGITS:]
        passage, is_new = self._passages.ask_once(gate, Asked(key, worker_id, asked_for, refusal))
        if refusal == "way_out":
            return
        opens = is_new and self._passages.may_open(gate, passage, self._passages.now(), time.monotonic() - began_s)
        line.say(reply(request, ALLOW if opens else DENY))
        if passage.is_open and is_new:
            self._passages.end(passage, "told" if opens else "failed")
