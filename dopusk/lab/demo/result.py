"""The result of the demonstration, read from the terminal's disk and the centre's store, not from memory."""

import json
import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from sqlalchemy import func, select

from central.store.alerts import alert
from central.store.engine import open_engine, reading
from central.store.media import media_of_exam
from central.store.registry import get_employer
from dopusk.terminal_faces import templates_folder
from sync.contract.codes import QUANTITIES
from sync.contract.decision import DecisionMessage
from sync.contract.envelope import open_sealed
from sync.contract.exam import Measurement
from sync.outbox import Outbox
from terminal.config import TerminalConfig
from terminal.decision_check import UntrustedDecision, check_decision, load_anchor
from terminal.exam.decide import fold
from terminal.exam.filming import report_of, segments
from terminal.exam.limits import verdict_of
from terminal.exam.model import Decided, ExamState
from terminal.store.database import KeyFile, connect
from terminal.store.exam_log import ExamLog


class TerminalDisk:
    """Reads a terminal's store beside the running kiosk. Writes nothing."""

    def __init__(self, config: TerminalConfig) -> None:
        self._config = config
        self._db = connect(config.files.store, KeyFile(config.files.master_key).master_key())
        self._log = ExamLog(self._db, Ed25519PrivateKey.generate())  # this key signs nothing: the log is only read

    def close(self) -> None:
        self._db.close()

    def last_exam(self) -> ExamState | None:
        """The exam that began last, as its stored events tell it."""
        row = next(
            iter(self._db.query("SELECT exam_id FROM diary WHERE type = 'exam_started' ORDER BY seq DESC LIMIT 1")),
            None,
        )
        return fold(self._log.events_of(row["exam_id"])) if row else None

    @property
    def public_key(self) -> Ed25519PublicKey:
        """The key that this terminal's messages are signed with."""
        key = load_pem_private_key(self._config.files.signing_key.read_bytes(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise TypeError("the terminal's signing key is no Ed25519 key")
        return key.public_key()

    def exam_messages(self) -> list[bytes]:
        """The exact bytes of all exam messages, in order."""
        return [row["wire"] for row in self._db.query("SELECT wire FROM outbox WHERE kind = 'exam' ORDER BY seq")]

    def receipts(self, exam_id: str) -> list[dict[str, Any]]:
        """Receipts of all messages about an exam; `outcome` is None while one is missing."""
        return Outbox(self._db).receipts_of(exam_id)

    def is_signature_valid(self, decided: Decided) -> bool:
        """Check the decision's signature once more, from the stored message."""
        key = load_pem_public_key(self._config.files.centre_key.read_bytes())
        anchor = load_anchor(self._config.files.trust_anchor)
        if not isinstance(key, Ed25519PublicKey):
            return False
        for row in self._db.query("SELECT wire FROM inbox WHERE kind = 'decision'"):
            message = DecisionMessage.model_validate(open_sealed(row["wire"], key).payload)
            if message.decision_id == decided.decision_id:
                try:
                    check_decision(message, anchor, self._config.identity.terminal_id)
                except UntrustedDecision:
                    return False
                return True
        return False


def outcome_of(state: ExamState) -> str:
    """`admitted`, `not_admitted`, `not_identified`, `interrupted` or `undecided`."""
    if state.decision is not None:
        return state.decision.outcome
    if state.end_reason == "not_identified":
        return "not_identified"
    return "interrupted" if state.end_reason else "undecided"


def flat_measurements(state: ExamState) -> list[dict[str, Any]]:
    """One row per value, with the device and the raw bytes that it came from."""
    return [row for measurement in state.measurements for row in _rows(measurement)]


def decision_of(state: ExamState, disk: TerminalDisk) -> dict[str, Any] | None:
    """The decision as the kiosk has it, its signature checked anew."""
    decided = state.decision
    if decided is None:
        return None
    return {
        "outcome": decided.outcome,
        "reason": "; ".join((*decided.reasons, *([decided.comment] if decided.comment else []))),
        "reasons": list(decided.reasons),
        "medic": decided.medic_name,
        "signed_at": decided.decided_at.isoformat(),
        "signature_valid": disk.is_signature_valid(decided),
        "decision_id": decided.decision_id,
    }


def summary(
    config: TerminalConfig, store_url: str, *, screenshots: list[str], timings_s: dict[str, float]
) -> dict[str, Any]:
    """The demonstration's last line. Raises `LookupError` when no exam is on the disk."""
    with closing(TerminalDisk(config)) as disk:
        state = disk.last_exam()
        if state is None:
            raise LookupError("no exam is on the terminal's disk")
        verdict = verdict_of(state)
        return {
            "exam_id": state.exam_id,
            "exam_type": state.exam_type,
            "outcome": outcome_of(state),
            "measurements": flat_measurements(state),
            "failures": [failure.model_dump(mode="json") for failure in state.failures],
            "identified_by": state.examinee.identified_by if state.examinee else None,
            "face": state.face.outcome if state.face else "not_compared",
            "face_check": state.face.model_dump(mode="json") if state.face else None,
            "templates": _templates(config),
            "end_reason": state.end_reason,
            "continuity": state.continuity.model_dump(mode="json") if state.continuity else None,
            "rule_verdict": verdict.model_dump(mode="json"),
            "decision": decision_of(state, disk),
            "receipts": disk.receipts(state.exam_id),
            "film": _film(state, store_url),
            "employer": _employer(state, store_url),
            "employer_alerts": _alerts(store_url, state.exam_id),
            "timings_s": {**state.timings_s, **timings_s},
            "screenshots": screenshots,
        }


def _employer(state: ExamState, store_url: str) -> str | None:
    """For whom the examined worker works today, by the centre's register."""
    if state.examinee is None:
        return None
    engine = open_engine(store_url)
    try:
        with reading(engine) as connection:
            row = get_employer(connection, state.examinee.employer_id)
        return None if row is None else str(row["name"])
    finally:
        engine.dispose()


def _film(state: ExamState, store_url: str) -> dict[str, Any]:
    """What the record says of the film, and how many of its files and of the photos are whole at the centre."""
    report = report_of(state)
    engine = open_engine(store_url)
    try:
        with reading(engine) as connection:
            files = media_of_exam(connection, state.exam_id)
    finally:
        engine.dispose()
    return {
        "state": report.state if report else None,
        "seconds": report.seconds if report else 0.0,
        "gaps": [f"{gap.kind} {gap.step or 'all'} {gap.reason}" for gap in report.gaps] if report else [],
        "segments": len(segments(state)),
        "stills": [f"{media.step} {media.attempt} {media.moment}" for media in state.media if media.moment],
        "named": len({media.sha256 for media in state.media}),
        "arrived": sum(file["completed_at"] is not None for file in files),
    }


def empty_folder(folder: Path) -> Path:
    """An empty folder; what an earlier run left there is removed."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def write_last_line(result: dict[str, Any]) -> None:
    """The one JSON object that scripts read."""
    print(json.dumps(result, ensure_ascii=False), flush=True)


def pictures_folder(folder: Path) -> Path:
    """An empty folder for this run's pictures; those of an earlier run are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("[0-9][0-9]-*.png"):
        old.unlink()
    return folder


def _templates(config: TerminalConfig) -> int:
    """Files with numbers of faces on the terminal's disk."""
    return len(list(templates_folder(config).glob("*")))


_ORDER = {name: number for number, name in enumerate(QUANTITIES)}


def _rows(measurement: Measurement) -> list[dict[str, Any]]:
    device = measurement.device
    return [
        {
            "kind": QUANTITIES[name].kind if name in QUANTITIES else name,
            "value": value,
            "unit": QUANTITIES[name].unit or measurement.values.get("unit") if name in QUANTITIES else None,
            "attempt": measurement.attempt,
            "device": {"maker": device.maker, "model": device.model, "serial": device.serial},
            "generation": measurement.generation,
            "raw": measurement.raw_hex,
            "at": measurement.at.isoformat(),
        }
        for name, value in sorted(measurement.values.items(), key=lambda item: _ORDER.get(item[0], len(_ORDER)))
        if name != "unit"
    ]


def _alerts(store_url: str, exam_id: str) -> int:
    """How many alerts of intoxication the centre has recorded for this exam."""
    engine = open_engine(store_url)
    try:
        with reading(engine) as connection:
            told = select(func.count()).where(alert.c.exam_id == exam_id, alert.c.kind == "intoxication")
            return connection.execute(told).scalar_one()
    finally:
        engine.dispose()
