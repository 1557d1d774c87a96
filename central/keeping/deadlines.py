"""The thread of `serve` that looks at what ends by a term: accounts that nobody uses, accounts that were deleted, certificates,
time stamps, copies of conclusions."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Engine

from central.access.erasing import erase_deleted
from central.access.unused import look_at_unused
from central.authority.terms import announce_ends
from central.conclusions.copy_terms import announce_copies
from central.conclusions.renewing import Renewing
from central.core.clock import now_utc
from central.core.config import CentralConfig
from central.core.supervision import Step, Supervised
from central.deciding.stamping import Stamping
from central.grounds.document_files import DocumentFiles

STAMPS_EVERY = timedelta(days=1)
"""So often it is looked for time stamps that end."""
_log = logging.getLogger(__name__)
LOOK_EVERY_S = 3600.0
"""Terms are days: so often is early enough, and a centre that is started in the morning looks at once."""


class Deadlines:
    """Looks at the terms as long as its block lasts."""

    def __init__(
        self,
        config: CentralConfig,
        engine: Engine,
        clock: Callable[[], datetime] = now_utc,
        every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._config, self._engine, self._clock = config, engine, clock
        steps = (
            Step("unused_accounts", self._unused),
            Step("deleted_accounts", self._deleted),
            Step("certificates", self._certificates),
            Step("stamps", self._stamps),
            Step("copies", self._copies),
        )
        self._renewing: Renewing | None = None
        if config.timestamp is not None:
            self._renewing = Renewing(engine, Stamping(config.timestamp), DocumentFiles.from_config(config), clock)
        self._stamps_after: datetime | None = None
        self._loop = Supervised("deadlines", steps, poll_s=every_s, daemon=True)

    def __enter__(self) -> "Deadlines":
        self._loop.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.stop()

    def _unused(self) -> None:
        look_at_unused(self._engine, self._config.accounts, self._clock())

    def _deleted(self) -> None:
        erase_deleted(self._engine, self._config.accounts, self._clock())

    def _stamps(self) -> None:
        """Once a day, and with the next look where the authority gave no answer."""
        now = self._clock()
        if self._renewing is None or (self._stamps_after is not None and now < self._stamps_after):
            return
        done = self._renewing.run(lambda: self._loop.stopping)
        if done.made:
            _log.info("%d of %d time stamps that end soon were renewed", done.made, done.due)
        self._stamps_after = None if done.made < done.due else now + STAMPS_EVERY

    def _certificates(self) -> None:
        announce_ends(self._engine, self._clock())

    def _copies(self) -> None:
        announce_copies(self._engine, self._clock())
