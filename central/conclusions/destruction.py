"""Carries out acts of destruction: after the second signature the files that the act names go, and only by it.

A file's row is written first and names what becomes of it; then the file goes. Whoever is killed between the two goes on at the
next start. A hold that is placed meanwhile keeps what has no row yet: one transaction at a time asks for holds and writes rows.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from central.conclusions.act_files import ActFiles
from central.conclusions.terms import HoldsOf
from central.core.clock import now_utc
from central.core.media_files import MediaFiles
from central.core.supervision import Step, Supervised
from central.core.trust import Trust
from central.deciding.act_signing import act_signed_by
from central.store import acts, audit, deletions, holds, kept_files, media
from central.store.acts import SIGNATURES_NEEDED, Act, ActSignature
from central.store.audit import OF_ITSELF
from central.store.deletions import Deletion
from central.store.engine import reading, writing
from sync.contract.canonical import new_id

LOOK_EVERY_S = 5.0
AT_ONCE = 50
"""So many files stand in one transaction: a hold that is placed meanwhile waits no longer than for them."""
_log = logging.getLogger(__name__)


class Destruction:
    """One centre's media and the acts that name them. `work` does what is to be done now."""

    def __init__(
        self,
        engine: Engine,
        files: MediaFiles,
        act_files: ActFiles,
        trust: Trust,
        clock: Callable[[], datetime] = now_utc,
        is_ending: Callable[[], bool] = lambda: False,
    ) -> None:
        self._engine, self._files, self._act_files, self._trust = engine, files, act_files, trust
        self._clock, self._is_ending = clock, is_ending
        self._done: set[str] = set()
        """Acts that were seen to the end since the start: looked at once, for a restored file may be there again."""
        self._looked = False

    def work(self) -> int:
        """Bring back acts that the store has lost, once; then carry out every act in force. Returns how many files went."""
        if not self._looked:
            self._bring_back()
            self._looked = True
        with reading(self._engine) as connection:
            found = [one for one in acts.standing(connection, "destruction") if one.act_id not in self._done]
            given = acts.signatures_of(connection, [one.act_id for one in found])
        whole = [one for one in found if len(given.get(one.act_id, ())) == SIGNATURES_NEEDED]
        return sum(self._carry_out(one, given[one.act_id]) for one in whole if not self._is_ending())

    def _bring_back(self) -> None:
        for name, found in self._act_files.every(self._trust):
            if found is None:
                _log.error("%s is no act that two people have signed: nothing goes by it (administrator)", name)
                continue
            item, signatures = found
            with reading(self._engine) as connection:
                if acts.find(connection, item.act_id) is not None:
                    continue
            try:
                with writing(self._engine) as connection:
                    acts.add(connection, item)
                    for one in signatures:
                        acts.add_signature(connection, one)
                    self._note(connection, "act.bring_back", item, {"number": item.number, "year": item.year})
            except (IntegrityError, acts.ActTaken):
                _log.error(
                    "act %d/%d of %s: its number is taken here (administrator)", item.number, item.year, item.org
                )
                continue
            _log.warning("act %d/%d of %s is not in the restored store: it is back", item.number, item.year, item.org)

    def _carry_out(self, item: Act, given: list[ActSignature]) -> int:
        if any(act_signed_by(item, one, self._trust) is None for one in given):
            _log.error("act %d/%d: a signature does not hold, nothing goes by it (run verify)", item.number, item.year)
            self._done.add(item.act_id)
            return 0
        self._act_files.keep(item, given)
        named = acts.named_files(item)
        with reading(self._engine) as connection:
            before = {one.sha256: one.result for one in deletions.of_act(connection, item.act_id)}
        waiting = [sha256 for sha256 in named if sha256 not in before]
        back = [sha256 for sha256, result in before.items() if result == "gone" and self._is_there(sha256)]
        if before and (waiting or back):
            words = "act %d/%d: deletion goes on, %d of %d files are done, %d of those are there"
            _log.warning(words, item.number, item.year, len(before), len(named), len(back))
        gone = self._remove_again(item, back)
        for place in range(0, len(waiting), AT_ONCE):
            if self._is_ending():
                return gone
            gone += self._take(item, {sha256: named[sha256] for sha256 in waiting[place : place + AT_ONCE]})
        self._done.add(item.act_id)
        return gone

    def _take(self, item: Act, some: dict[str, str]) -> int:
        """Write what becomes of some files, then let those go that no hold keeps."""
        there = {sha256 for sha256 in some if self._is_there(sha256)}
        now = self._clock()
        with writing(self._engine) as connection:
            rows = [
                Deletion(new_id(), item.org, item.act_id, sha256, some[sha256], result, hold_id, now)
                for sha256, result, hold_id in self._judged(connection, item.org, some, there)
            ]
            deletions.add(connection, rows)
            detail = {"number": item.number, "year": item.year}
            counts = {name: sum(row.result == name for row in rows) for name in deletions.RESULTS}
            self._note(connection, "act.carry_out", item, detail | counts)
        return sum(self._files.remove(row.sha256) for row in rows if row.result == "gone")

    def _remove_again(self, item: Act, back: list[str]) -> int:
        """Files that went by this act and are there again, from a backup or because the deletion was interrupted."""
        if not back:
            return 0
        with writing(self._engine) as connection:
            judged = self._judged(connection, item.org, dict.fromkeys(back, ""), set(back))
            free = [sha256 for sha256, result, _ in judged if result == "gone"]
            self._note(connection, "act.carry_out", item, {"number": item.number, "year": item.year, "gone": len(free)})
        return sum(self._files.remove(sha256) for sha256 in free)

    def _judged(
        self, connection: Connection, org: str, some: Iterable[str], there: set[str]
    ) -> list[tuple[str, str, str]]:
        """Hash, result and hold of each. Nobody places a hold before the transaction ends."""
        holds.wait_for_holds(connection, org)
        placed, known = HoldsOf(connection, org), media.kept_files(connection, list(some))
        used = set(kept_files.beside_media(connection))
        judged = []
        for sha256 in some:
            found = placed.on(known[sha256]) if sha256 in known else None
            if found is not None or sha256 in used:
                judged.append((sha256, "held", found.hold_id if found is not None else ""))
            else:
                judged.append((sha256, "gone" if sha256 in there else "absent", ""))
        return judged

    def _is_there(self, sha256: str) -> bool:
        return self._files.path(sha256).exists()

    def _note(self, connection: Connection, action: str, item: Act, detail: dict[str, int]) -> None:
        audit.write(
            connection,
            at=self._clock(),
            account_id=None,
            address=OF_ITSELF,
            action=action,
            subject=item.act_id,
            org=item.org,
            detail=detail,
        )


def returned(act_files: ActFiles, trust: Trust, files: MediaFiles) -> list[tuple[Act, list[str]]]:
    """Acts beside the media whose files are there again, with the hashes of those: what a restored backup has brought back."""
    found = [one for _, one in act_files.every(trust) if one is not None]
    there = [(item, [one for one in acts.named_files(item) if files.path(one).exists()]) for item, _ in found]
    return [(item, hashes) for item, hashes in there if hashes]


class Destroying:
    """A thread of `serve` that carries out acts of destruction."""

    def __init__(
        self, engine: Engine, files: MediaFiles, act_files: ActFiles, trust: Trust, every_s: float = LOOK_EVERY_S
    ) -> None:
        self._loop = Supervised("destruction", (Step("acts", self._look),), poll_s=every_s, daemon=True)
        self._work = Destruction(engine, files, act_files, trust, is_ending=lambda: self._loop.stopping)

    def __enter__(self) -> "Destroying":
        self._loop.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.stop()

    def wake(self) -> None:
        """An act was signed: look now. From any thread."""
        self._loop.wake()

    def _look(self) -> None:
        self._work.work()
