"""An invented exam as it travels: schema `dopusk.exam/1`, every measurement marked with the generation of the centre.

Members stand in the order of their names and whole numbers without a fraction, so that plain JSON of a payload is its canonical
form: putting a million of them in order afterwards would take a tenth of all the time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic_core import to_json

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
        self._limits = [_in_order({"source": "default"} | limit) for limit in limits]
        self._version = limits[0]["version"]
        self._devices: dict[tuple[int, str], dict[str, Any]] = {}

    def of(self, visit: Visit, revision: Revision, before: Mapping[str, Any] | None) -> dict[str, Any]:
        """The record as it was sent this time; `before`: as it was sent the last time."""
        job = visit.job
        is_known = visit.end_reason != "not_identified"
        made = [] if before is None else list(before["measurements"])
        made += [self._measurement(visit, reading) for reading in revision.readings[len(made) :]]
        return {
            "complaints": _complaints(visit) if is_known else None,
            "config_version": _CONFIG,
            "consent": _consent(visit.started_at) if is_known else None,
            "diary": {"first_seq": 1, "head_hash": _CONSENT, "last_seq": 9 + len(made)},
            "end_reason": visit.end_reason,
            "exam_id": self._ids.at(visit.started_at) if before is None else before["exam_id"],
            "exam_type": visit.exam_type,
            "examinee": self._examinee(job) if is_known else None,
            "face": {"faces_found": 1, "outcome": "not_compared", "reason": "no_legal_basis"} if is_known else None,
            "failures": [_failure(miss) for miss in visit.misses],
            "finished_at": utc_text(revision.finished_at),
            "identification_attempts": 1 if is_known else 3,
            "limits": self._limits,
            "measurements": made,
            "media": [],
            "org": self._names.orgs[job.firm.centre],
            "revision": 1 if before is None else before["revision"] + 1,
            "rule_verdict": {
                "findings": [_finding(finding) for finding in revision.findings],
                "rules_version": self._version,
                "suggestion": revision.suggestion,
            },
            "software_s": 0.41,
            "software_version": SOFTWARE,
            "started_at": utc_text(visit.started_at),
            "state": "unfinished" if visit.end_reason else "submitted",
            "timings_s": {"complaints": 4.4, "consent": 3.1, "identify": 6.2},
        }

    def _examinee(self, job: Job) -> dict[str, Any]:
        return {
            "confirmed": True,
            "employer_id": self._names.employers[job.firm.place],
            "identified_by": "card" if job.human.place % 4 == 0 else "personnel_number",
            "worker_id": self._names.workers[job.place],
        }

    def _measurement(self, visit: Visit, reading: Reading) -> dict[str, Any]:
        source = visit
        if visit.breath_of is not None and reading.step == "breath":
            source = visit.breath_of
        raw = sha256_hex(f"{source.started_at} {source.job.place} {reading.step} {reading.attempt}".encode())[:48]
        return {
            "at": utc_text(reading.at),
            "attempt": reading.attempt,
            "derivation": "automatic",
            "details": {},
            "device": self._device(visit.gate, reading.step),
            "generation": self.generation,
            "measurement_id": self._ids.at(reading.at),
            "raw_hex": raw,
            "step": reading.step,
            "values": _in_order(reading.values),
        }

    def _device(self, gate: int, step: str) -> dict[str, Any]:
        known = self._devices.get((gate, step))
        if known is None:
            device_id, driver, maker, model, letter = _DEVICES[step]
            known = self._devices[gate, step] = {
                "device_id": device_id,
                "driver": driver,
                "maker": maker,
                "medical_device": True,
                "model": model,
                "serial": serial_of(gate, letter),
            }
        return known


def wire_text(payload: Mapping[str, Any]) -> bytes:
    """Canonical JSON of a payload that was written here."""
    return to_json(payload)


def serial_of(gate: int, letter: str) -> str:
    """The serial number of an invented device: which terminal it stands at, and what it measures."""
    return f"ВЫМ-{gate + 1:05}-{letter}"


def _consent(at: datetime) -> dict[str, Any]:
    return {"at": utc_text(at), "given": True, "language": "ru", "text_sha256": _CONSENT, "version": _CONFIG}


def _complaints(visit: Visit) -> dict[str, Any]:
    return {"codes": list(visit.complaints), "feels_well": not visit.complaints, "text": ""}


def _failure(miss: Miss) -> dict[str, Any]:
    return {
        "act": miss.act,
        "at": utc_text(miss.at),
        "attempt": miss.attempt,
        "code": miss.code,
        "device_id": _DEVICES[miss.step][0],
        "kind": "DeviceFault",
        "message": miss.message,
        "step": miss.step,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    said = {name: getattr(finding, name) for name in ("attempt", "code", "high", "low", "parameter", "value")}
    return _in_order({name: value for name, value in said.items() if value is not None})


def _in_order(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _whole(values[name]) for name in sorted(values)}


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value
