"""Keys of sessions that have ended leave the memory within seconds, whoever ended them and in whatever process."""

import asyncio
import contextlib

from sqlalchemy.exc import SQLAlchemyError

from central.access.accounts import is_alive
from central.console.context import Console
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
    """Close the keys of sessions that are over, or whose account is disabled."""
    held = console.vault.sessions()
    if not held:
        return
    with reading(console.engine) as connection:
        living = accounts.living(connection, held)
    now = console.clock()
    kept = {session.session_id for session, disabled in living if not disabled and is_alive(session, now)}
    for session_id in held:
        if session_id not in kept:
            console.vault.close(session_id)
