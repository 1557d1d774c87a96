"""What a worker's phone keeps for a place without a network: the last state in words, and the key it is encrypted with."""

import base64
import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from central.console.context import Console, Visitor
from central.console.look import Look
from central.personal.own_state import OwnState
from central.words import wording
from central.words.texts import text


def session_key(console: Console, visitor: Visitor) -> str:
    """A key of this session (AES, 256 bits, base64): another session has another one."""
    message = b"dopusk kept summary" + visitor.session.session_id.encode("ascii")
    return base64.b64encode(hmac.digest(console.session_secret, message, "sha256")).decode("ascii")


def summary_of(states: Sequence[OwnState], now: datetime, look: Look) -> str:
    """JSON of what `/me` says: for each employment the state and until when. No value, no name of a person."""
    told: dict[str, Any] = {
        "at": wording.moment(now, look.zone),
        "over": text(look.language, "me.state.expired"),
        "states": [_state(one, look) for one in states],
    }
    return json.dumps(told, ensure_ascii=False)


def _state(one: OwnState, look: Look) -> dict[str, str]:
    state = one.admission.state
    until = one.admission.valid_until if state == "admitted" else None
    return {
        "worker_id": one.worker_id,
        "employer": one.employer_name,
        "state": state,
        "words": text(look.language, f"me.state.{state}"),
        "until": until.isoformat() if until is not None else "",
        "until_words": text(look.language, "me.until", until=wording.moment(until, look.zone)) if until else "",
    }
