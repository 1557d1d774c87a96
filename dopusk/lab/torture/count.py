"""Counting after the torture: each exam that a kiosk ever showed as stored must be at the centre exactly once."""

from collections import Counter
from contextlib import closing
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import select

from central.core.media_files import MediaFiles as CentreMedia
from central.keeping.verify import verify_store as verify_centre
from central.keeping.verify_report import Expected as CentreExpected
from central.link.outgoing import load_signing_key
from central.store.engine import reading
from central.store.exams import exam
from central.store.messages import message
from central.store.sealing import Sealer
from dopusk.lab.torture.stage import Stage, TerminalStage
from sync.contract.envelope import read_unverified
from terminal.config import load_config
from terminal.store.database import KeyFile, connect, derive_key
from terminal.store.media_files import MediaFiles
from terminal.store.verify import owner_key, verify_store
from terminal.store.verify_report import Expected


@dataclass
class Outcome:
    """What came of it. `exams` were shown as stored; `doubled` counts records that the centre holds more than once."""

    rounds: int = 0
    kills: int = 0
    exams: int = 0
    lost: int = 0
    doubled: int = 0
    chain_ok: bool = True
    by_fault: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    drained: bool = True
    faults: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Nothing is lost, nothing is doubled, every chain holds."""
        return not self.lost and not self.doubled and self.chain_ok and self.drained

    def as_fields(self) -> dict[str, Any]:
        """For JSON; what is wrong is listed only where something is."""
        fields = asdict(self)
        for name in ("drained", "faults"):
            if self.ok:
                del fields[name]
        return fields


def count(stage: Stage) -> Outcome:
    """Look for every shown exam at the centre, and verify all stores."""
    outcome = Outcome()
    with reading(stage.engine) as connection:
        present = Counter(connection.execute(select(exam.c.exam_id)).scalars())
        records: Counter[tuple[str, int]] = Counter()
        for (wire,) in connection.execute(select(message.c.wire).where(message.c.kind == "exam")):
            payload = read_unverified(wire)[0].payload
            records[payload["exam_id"], payload["revision"]] += 1
    for terminal in stage.terminals.values():
        outcome.exams += len(terminal.shown)
        missing = [exam_id for exam_id in terminal.shown if present[exam_id] == 0]
        outcome.lost += len(missing)
        outcome.faults += [f"{terminal.name}: exam {exam_id} was shown and is not at the centre" for exam_id in missing]
        _check_terminal(terminal, stage, outcome)
    doubled = {exam_id for exam_id, times in present.items() if times > 1}
    doubled |= {exam_id for (exam_id, _), times in records.items() if times > 1}
    outcome.doubled = len(doubled)
    outcome.faults += [f"exam {exam_id} is at the centre more than once" for exam_id in sorted(doubled)]
    key = load_signing_key(stage.config.keys.centre_signing_key_file)
    Sealer(stage.engine, key).run()  # no `serve` takes part, whose work this is
    report = verify_centre(stage.engine, CentreExpected(key.public_key(), None, CentreMedia(stage.config.media_dir)))
    if not report.ok:
        outcome.chain_ok = False
        outcome.faults += [f"centre: {fault.kind} {fault.place}: {fault.what}" for fault in report.faults]
    return outcome


def _check_terminal(terminal: TerminalStage, stage: Stage, outcome: Outcome) -> None:
    """The store in order, every shown event in it, every message receipted and none parked."""
    config = load_config(terminal.config_file)
    master = KeyFile(config.files.master_key).master_key()
    centre_key = load_signing_key(stage.config.keys.centre_signing_key_file).public_key()
    with closing(connect(config.files.store, master)) as db:
        own = owner_key(db)
        media = MediaFiles(config.files.media, derive_key(master, "media"))
        if own is None:
            outcome.chain_ok = False
            outcome.faults.append(f"{terminal.name}: the store does not say whose it is")
            return
        report = verify_store(db, Expected(own, centre_key, media))
        (last_seq,) = db.execute("SELECT coalesce(max(seq), 0) FROM diary").fetchone()
        (unclosed,) = db.execute("SELECT count(*) FROM outbox WHERE state != 'receipted'").fetchone()
    faults = [f"{fault.kind} {fault.place}: {fault.what}" for fault in report.faults]
    if last_seq < max(terminal.shown.values(), default=0):
        faults.append("an event that was shown is not in the diary")
    if unclosed:
        faults.append(f"{unclosed} messages have no receipt or were refused")
    if faults:
        outcome.chain_ok = False
        outcome.faults += [f"{terminal.name}: {fault}" for fault in faults]
