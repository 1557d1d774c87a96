"""Copies of the demonstration's papers: originals, one handed to the patient, one in the archive; one is lacking."""

from collections.abc import Callable
from datetime import UTC

from sqlalchemy import Engine

from central.conclusions.copying import Copying, CopyWish
from central.conclusions.moving import Mover, move
from central.conclusions.stocktaking import Checker, begin, finish, note_find
from central.core.clock import now_utc
from central.core.config import CentralConfig
from central.core.copy_rules import MoveDraft
from central.core.days import day_of
from central.core.trust import Trust
from central.deciding.stamping import Stamping
from central.grounds.document_files import DocumentFiles
from central.papers.issuing import Issuer
from central.papers.signed import SignedPapers
from central.store.engine import writing
from central.store.papers import Paper


def copying_of(config: CentralConfig, engine: Engine) -> Copying:
    """What makes and signs copies in that centre."""
    files, trust = DocumentFiles.from_config(config), Trust(config.keys.authority_dir)
    return Copying(engine, files, trust, SignedPapers(engine, files, trust, Stamping(config.timestamp), now_utc))


class SampleCopies:
    """Makes the copies of one paper after the other, and moves the first of each kind."""

    def __init__(self, engine: Engine, copying: Copying, seal: Callable[[str], bytes]) -> None:
        self._engine, self._copying, self._seal = engine, copying, seal
        self._kinds: set[str] = set()

    def add(self, entry: Paper, worker_name: str, issuer: Issuer) -> None:
        """The original of a paper; of the first paper of each kind what becomes of it too."""
        self._copying.original(entry, issuer, lambda *_: None)
        if entry.kind in self._kinds:
            return
        self._kinds.add(entry.kind)
        copy = self._copying.make(entry, CopyWish("patient"), issuer, lambda *_: None)
        if entry.kind == "refusal":
            draft = MoveDraft("issue", day_of(issuer.at), worker_name, "patient", "in_person", "signature")
        else:
            draft = MoveDraft(
                "archive_in",
                day_of(issuer.at),
                inventory_no="А-1",
                place="шкаф 2, полка 1",
                keeper="Бережной Фома Лукич",
            )
        with writing(self._engine) as connection:
            move(connection, copy, draft, Mover(issuer.account_id, issuer.at, UTC, self._seal))

    def check(self, org: str, account_id: str) -> None:
        """The reconciliation of this month, of which one copy was found, and an inventory that is closed."""
        checker = Checker(account_id, now_utc(), UTC)
        with writing(self._engine) as connection:
            monthly = begin(connection, org, "monthly", checker)
            for copy_id in monthly.expected[:1]:
                note_find(connection, monthly, code="", copy_id=copy_id, checker=checker)
            inventory = begin(connection, org, "inventory", checker)
            for copy_id in inventory.expected[1:]:
                note_find(connection, inventory, code="", copy_id=copy_id, checker=checker)
            finish(connection, inventory, {"": "выдан для сверки подписи"}, "вернуть до конца недели", checker)
