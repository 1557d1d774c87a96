"""How each kind of gate is told to let one person in, and what its answer means."""

import json
from datetime import timedelta
from typing import Protocol

from central.core.gate_config import GateConfig
from central.egress.connecting import Unreached
from central.egress.rules import OPERATORS_OWN, web_address
from central.egress.web import WebAnswer, post
from central.notifying.notice_sending import SIGNATURE_HEADER, signature_of
from central.partners.sigur_line import SigurAway, SigurLine
from central.partners.sigur_words import UnreadableLine, state_of
from central.store.gate_passages import Passage
from sync.contract.canonical import canonical
from sync.contract.model import utc_text

GATE_SCHEMA = "dopusk.gate/1"
_READY = "ONLINE_NORMAL"
_MAX_ANSWER = 64 * 1024
_NOT_SENT = frozenset({"network", "not_reached", "untrusted"})
_UNAUTHORISED = 401
_LATER = frozenset({408, 425, 429})
_SERVER_FAULT = 500


FRESH = timedelta(seconds=60)
"""An admission that was signed longer ago opens no gate that is told: whoever it was for may have gone away."""


class GateRefused(Exception):
    """The gate did not open. The message says why."""


class GateAway(GateRefused):
    """Nothing was said to the gate: it was not reached."""


class GateSilent(Exception):
    """Nobody knows whether the gate opened: it was told, and no answer came that belongs to it."""


class GateTalker(Protocol):
    """Tells one gate to let one person in. Returns when it has said that it does; raises `GateRefused`, `GateSilent`."""

    tells_repeats: bool
    """Whether the gate knows the same opening when it comes again, and opens once."""

    def let_in(self, gate: GateConfig, passage: Passage, personnel_number: str) -> None: ...


class WebhookGate:
    """A signed POST. `passage_id` tells a repeat: what came before must not open again. After `open_until` nothing opens."""

    tells_repeats = True

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def let_in(self, gate: GateConfig, passage: Passage, personnel_number: str) -> None:
        """See `GateTalker`."""
        body = canonical(
            {
                "schema": GATE_SCHEMA,
                "kind": "open",
                "passage_id": passage.passage_id,
                "gate": gate.name,
                "personnel_number": personnel_number,
                "valid_until": utc_text(passage.valid_until) if passage.valid_until else None,
                "open_until": utc_text(passage.asked_at + FRESH),
                "at": utc_text(passage.asked_at),
            }
        )
        headers = {"Content-Type": "application/json", SIGNATURE_HEADER: signature_of(self._secret, body)}
        answer = _posted(gate, gate.url or "", body, headers)
        if answer.status in _LATER or answer.status >= _SERVER_FAULT:
            # It says that it could not; whether it opened before it said so, nobody knows.
            raise GateSilent(f"{answer.status}")
        if not answer.is_success:
            raise GateRefused(f"{answer.status}")


class SigurPass:
    """`ALLOWPASS` for the way in, after the server has said that this very access point works."""

    tells_repeats = False

    def __init__(self, password: str) -> None:
        self._password = password

    def let_in(self, gate: GateConfig, passage: Passage, personnel_number: str) -> None:
        """See `GateTalker`."""
        try:
            line = SigurLine(gate.host or "", gate.port, gate.login or "", self._password)
        except SigurAway as error:
            raise GateRefused(str(error)) from error
        with line:
            point = gate.access_point or 0
            try:
                state = state_of(line.ask(f"GETAPINFO {point}"), point)
            except (SigurAway, UnreadableLine) as error:
                raise GateRefused(f"APINFO: {error}") from error
            if state != _READY:
                raise GateRefused(f"STATE {state[:40]}")
            try:
                heard = line.ask(f"ALLOWPASS {point} ANONYMOUS IN")
            except SigurAway as error:
                raise GateSilent(str(error)) from error
        if heard.startswith("ERROR"):
            raise GateRefused(heard[:60])
        if heard != "OK":
            raise GateSilent(heard[:60])


class PercoCommandGate:
    """PERCo-Web: a token for the login, then the command that the administrator chose from the device's list."""

    tells_repeats = False

    def __init__(self, password: str) -> None:
        self._password = password
        self._token = ""

    def let_in(self, gate: GateConfig, passage: Passage, personnel_number: str) -> None:
        """See `GateTalker`. A token that is not taken any more is asked for once more; the command had done nothing then."""
        if not self._token:
            self._log_in(gate)
        answer = self._command(gate)
        if answer.status == _UNAUTHORISED:
            self._log_in(gate)
            answer = self._command(gate)
        if not answer.is_success:
            raise GateRefused(f"{answer.status}")
        try:
            said = json.loads(answer.body)
        except (ValueError, RecursionError) as error:
            raise GateSilent("the answer is not JSON") from error
        if not isinstance(said, dict) or "result" not in said:
            raise GateSilent("the answer names no result")

    def _command(self, gate: GateConfig) -> WebAnswer:
        command = gate.command
        if command is None:
            raise GateRefused("no command")
        body = canonical(
            {
                "cmdNumber": command.number,
                "cmdType": command.type,
                "cmdValue": command.value,
                "cmdParam": command.param,
            }
        )
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"}
        return _posted(gate, f"{(gate.url or '').rstrip('/')}/api/devices/{gate.device_id}/command", body, headers)

    def _log_in(self, gate: GateConfig) -> None:
        body = canonical({"login": gate.login, "password": self._password})
        address = f"{(gate.url or '').rstrip('/')}/api/system/auth"
        try:
            answer = _posted(gate, address, body, {"Content-Type": "application/json"})
            said = json.loads(answer.body) if answer.is_success else {}
        except (GateSilent, ValueError, RecursionError) as error:
            # Nothing was commanded yet.
            raise GateRefused("no token") from error
        token = said.get("token") if isinstance(said, dict) else None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise GateRefused("no token")
        self._token = token


def _posted(gate: GateConfig, url: str, body: bytes, headers: dict[str, str]) -> WebAnswer:
    try:
        address = web_address(url, OPERATORS_OWN)
        return post(address, body, headers, OPERATORS_OWN, term_s=gate.answer_within_s, max_bytes=_MAX_ANSWER)
    except Unreached as error:
        kind = GateAway if error.code in _NOT_SENT else GateSilent
        raise kind(f"{error.code}") from error


def talker_of(gate: GateConfig) -> GateTalker:
    """Who tells this gate. Raises `OSError` for a secret that cannot be read."""
    secret = secret_of(gate)
    if gate.kind == "webhook":
        return WebhookGate(secret)
    return SigurPass(secret) if gate.kind == "sigur" else PercoCommandGate(secret)


def secret_of(gate: GateConfig) -> str:
    """Password or key of a gate. Raises `OSError`."""
    return gate.secret_file.read_text("utf-8").strip() if gate.secret_file is not None else ""
