"""`dopusk check`: whether the code on a worker's phone is an admission that holds now.

Exit codes: 0 it holds, 1 it does not, 2 the key cannot be read or the centre did not answer.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import httpx
import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from dopusk.told import told
from dopusk.words import say, word
from sync.contract.gate_pass import GateFault, check_pass

_NO, _BAD_INPUT = 1, 2
_WHY = {
    "unreadable": "this is no code for a gate",
    "not_the_centre": "the signature is not the centre's",
    "not_the_phone": "the signature is not that phone's",
    "over": "the admission is over",
    "stale": "the code is older than a minute: ask for a new one",
    "ahead": "the clock of the phone is ahead",
    "corrected": "the admission holds no more: the decision was corrected",
}
_ANSWER_WITHIN_S = 10.0


def check(
    code: Annotated[str, typer.Argument(help="What the reader read: the text of the QR code.")],
    key: Annotated[Path, typer.Option("--key", help="The centre's public key (PEM): centre.pub.")],
    online: Annotated[
        str | None, typer.Option("--online", help="Address of the console: ask it whether the admission was corrected.")
    ] = None,
) -> None:
    """Check the code of a worker's phone at a gate, without a network; with --online, at the centre too."""
    try:
        public = load_pem_public_key(key.read_bytes())
    except (OSError, ValueError) as error:
        _stop(say("{path}: no key can be read ({error})", path=key, error=told(str(error))), _BAD_INPUT)
    if not isinstance(public, Ed25519PublicKey):
        _stop(say("{path}: this is no Ed25519 key", path=key), _BAD_INPUT)
    try:
        found = check_pass(code, public, datetime.now(UTC))
    except GateFault as fault:
        _stop(say("NOT ADMITTED: {why}", why=word(_WHY[fault.code])), _NO)
    if online is not None and (state := _asked(online, code)) != "in_force":
        _stop(say("NOT ADMITTED: {why}", why=word(_WHY.get(state, state))), _NO)
    until = f"{found.until.astimezone():%d.%m.%Y %H:%M}"
    print(say("ADMITTED until {until}: {employer}", until=until, employer=found.employer))
    print(found.name or found.person_id)


def _asked(address: str, code: str) -> str:
    try:
        answer = httpx.post(f"{address.rstrip('/')}/check/gate", data={"code": code}, timeout=_ANSWER_WITHIN_S)
        return str(answer.raise_for_status().json()["state"])
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError) as error:
        _stop(
            say("the centre did not answer ({error}); nothing is known of a correction", error=type(error).__name__),
            _BAD_INPUT,
        )


def _stop(words: str, code: int) -> NoReturn:
    typer.echo(words, err=True)
    raise typer.Exit(code)
