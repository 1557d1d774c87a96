"""Keys of sessions that have ended, and keys whose certificate is revoked or replaced, leave the memory within seconds, whoever did
it and in whatever process."""

import asyncio
import contextlib

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from central.access.accounts import is_alive
from central.console.context import Console
from central.deciding.revocation import may_sign
from central.store import accounts
from central.store.engine import reading

LOOK_EVERY_S = 5.0


async def forget_keys(console: Console) -> None:
    """Runs as long as the application does, and is cancelled at its end."""
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        # A store that does not answer says nothing of sessions: the keys wait for the next look.
        with contextlib.suppress(SQLAlchemyError):
            await asyncio.to_thread(close_ended, console)


def close_ended(console: Console) -> None:
    """Close the keys of sessions that are over or whose account is disabled, and keys that the register no longer knows."""
    held = console.vault.sessions()
    if not held:
        return
    with reading(console.engine) as connection:
        living = accounts.living(connection, held)
        known = {session_id for session_id in held if _is_known(connection, console.vault.holder(session_id))}
    now = console.clock()
    kept = {session.session_id for session, disabled in living if not disabled and is_alive(session, now)}
    for session_id in held:
        if session_id not in kept & known:
            console.vault.close(session_id)


def _is_known(connection: Connection, holder: tuple[str, x509.Certificate] | None) -> bool:
    return holder is not None and may_sign(connection, holder[0], holder[1].fingerprint(SHA256()).hex())
