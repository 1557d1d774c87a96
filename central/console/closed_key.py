"""When a medic has to open the signing key again before what was typed can be signed."""

from central.console.context import Console, Visitor
from central.signature.provider import SigningRefused


def must_be_opened(console: Console, visitor: Visitor, refused: SigningRefused) -> bool:
    """Whether opening the key mends it: it is closed, or its token was pulled out, which has ended the login on it."""
    if refused.code == "token_absent":
        console.vault.close(visitor.session.session_id)
    return refused.code in {"locked", "token_absent"}
