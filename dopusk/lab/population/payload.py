"""An invented exam as it travels: schema `dopusk.exam/1`, every measurement marked with the generation of the centre."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dopusk.lab.population.ids import Ids
from dopusk.lab.population.society import Job
from dopusk.lab.population.visits import Finding, Miss, Reading, Revision, Visit
from sync.contract.canonical import sha256_hex
from sync.contract.model import utc_text

SOFTWARE = "population"
"""What stands where terminals name their version."""
_DEVICES = {
    "temperature": ("thermometer", "calex_pyrominibus", "Calex", "PyroMiniBus", "T"),
    "pressure": ("cuff", "and_tm2655", "A&D", "TM-2655P", "P"),
    "breath": ("breathalyser", "dingo_e200", "Dingo", "E-200", "A"),
}
_CONSENT = sha256_hex("Вымышленное согласие вымышленного работника".encode())
_CONFIG = "population-1"


@dataclass(frozen=True, slots=True)
class Names:
    """What people and things of a society are called in the store, by their places."""

    orgs: tuple[str, ...]
    employers: tuple[str, ...]
    workers: tuple[str, ...]
    terminals: tuple[str, ...]


class Payloads:
    """Writes payloads. `limits`: as `AppliedLimit` has them, of the book `version`."""

    def __init__(self, names: Names, generation: str, limits: list[dict[str, Any]], ids: Ids) -> None:
        self._names, self.generation, self._ids = names, generation, ids
        self._limits = [{"source": "default"} | limit for limit in limits]
        self._version = limits[0]["version"]

    def of(self, visit: Visit, revision: Revision, before: Mapping[str, Any] | None) -> dict[str, Any]:
        """The record as it was sent this time; `before`: as it was sent the last time."""
        job = visit.job
        is_known = visit.end_reason != "not_identified"
        made = [] if before is None else list(before["measurements"])
        made += [self._measurement(visit, reading) for reading in revision.readings[len(made) :]]
        return {
            "exam_id": self._ids.at(visit.started_at) if before is None else before["exam_id"],
            "revision": 1 if before is None else before["revision"] + 1,
            "exam_type": visit.exam_type,
            "org": self._names.orgs[job.firm.centre],
            "state": "unfinished" if visit.end_reason else "submitted",
            "end_reason": visit.end_reason,
            "started_at": utc_text(visit.started_at),
            "finished_at": utc_text(revision.finished_at),
            "examinee": self._examinee(job) if is_known else None,
            "identification_attempts": 1 if is_known else 3,
            "consent": self._consent(visit.started_at) if is_known else None,
            "face": {"outcome": "not_compared", "faces_found": 1, "reason": "no_legal_basis"} if is_known else None,
            "complaints": _complaints(visit) if is_known else None,
            "measurements": made,
            "failures": [_failure(miss) for miss in visit.misses],
            "limits": self._limits,
            "rule_verdict": {
                "suggestion": revision.suggestion,
                "findings": [_finding(finding) for finding in revision.findings],
                "rules_version": self._version,
            },
            "media": [],
            "timings_s": {"identify": 6.2, "consent": 3.1, "complaints": 4.4},
            "software_s": 0.41,
            "software_version": SOFTWARE,
            "config_version": _CONFIG,
            "diary": {"first_seq": 1, "last_seq": 9 + len(made), "head_hash": _CONSENT},
        }

    def _examinee(self, job: Job) -> dict[str, Any]:
        return {
            "worker_id": self._names.workers[job.place],
            "employer_id": self._names.employers[job.firm.place],
            "identified_by": "card" if job.human.place % 4 == 0 else "personnel_number",
            "confirmed": True,
        }

    def _consent(self, at: datetime) -> dict[str, Any]:
        return {"given": True, "version": _CONFIG, "language": "ru", "text_sha256": _CONSENT, "at": utc_text(at)}

    def _measurement(self, visit: Visit, reading: Reading) -> dict[str, Any]:
        device_id, driver, maker, model, letter = _DEVICES[reading.step]
        source = visit
        if visit.breath_of is not None and reading.step == "breath":
            source = visit.breath_of
        raw = sha256_hex(f"{source.started_at} {source.job.place} {reading.step} {reading.attempt}".encode())[:48]
        return {
            "measurement_id": self._ids.at(reading.at),
            "step": reading.step,
            "attempt": reading.attempt,
            "at": utc_text(reading.at),
            "values": reading.values,
            "device": {
                "device_id": device_id,
                "driver": driver,
                "maker": maker,
                "model": model,
                "serial": serial_of(visit.gate, letter),
                "medical_device": True,
            },
            "derivation": "automatic",
            "generation": self.generation,
            "raw_hex": raw,
            "details": {},
        }


def serial_of(gate: int, letter: str) -> str:
    """The serial number of an invented device: which terminal it stands at, and what it measures."""
    return f"ВЫМ-{gate + 1:05}-{letter}"


def _complaints(visit: Visit) -> dict[str, Any]:
    return {"feels_well": not visit.complaints, "codes": list(visit.complaints), "text": ""}


def _failure(miss: Miss) -> dict[str, Any]:
    return {
        "step": miss.step,
        "attempt": miss.attempt,
        "at": utc_text(miss.at),
        "device_id": _DEVICES[miss.step][0],
        "kind": "DeviceFault",
        "code": miss.code,
        "message": miss.message,
        "act": miss.act,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    said = {name: getattr(finding, name) for name in ("attempt", "value", "low", "high")}
    bare = {name: value for name, value in said.items() if value is not None}
    return {"parameter": finding.parameter, "code": finding.code} | bare
