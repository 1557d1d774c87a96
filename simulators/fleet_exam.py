"""Payloads of examinations as a simulated terminal fills them: every step done, values drawn within plain ranges."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from sync.contract.canonical import new_id, sha256_hex
from sync.contract.model import utc_text

_DEVICES = {
    "temperature": ("thermometer", "calex_pyrominibus", "Calex", "PyroMiniBus"),
    "pressure": ("cuff", "and_tm2655", "A&D", "TM-2655P"),
    "breath": ("breathalyser", "dingo_e200", "Dingo", "E-200"),
}


def exam_payload(
    dice: random.Random,
    *,
    org: str,
    worker_id: str,
    employer_id: str,
    generation: str,
    started_at: datetime | None = None,
    exam_type: str = "pre_shift",
    systolic_mmhg: int | None = None,
) -> dict[str, Any]:
    """One finished examination (schema `dopusk.exam/1`), ready to be sealed."""
    started = started_at or datetime.now(UTC)
    systolic = systolic_mmhg or dice.randint(105, 138)
    values: dict[str, dict[str, Any]] = {
        "temperature": {"temperature_celsius": round(dice.uniform(36.0, 36.8), 1)},
        "pressure": {
            "systolic_mmhg": systolic,
            "diastolic_mmhg": dice.randint(62, 88),
            "pulse_bpm": dice.randint(58, 92),
        },
        "breath": {"breath_alcohol_mg_per_l": 0},
    }
    measurements = [
        _measurement(step, started + timedelta(seconds=20 * place), values[step], generation, dice)
        for place, step in enumerate(values, start=1)
    ]
    high = systolic > 140
    finding = {"parameter": "systolic_mmhg", "attempt": 1, "value": systolic, "low": 90, "high": 140, "code": "above"}
    return {
        "exam_id": new_id(),
        "revision": 1,
        "exam_type": exam_type,
        "org": org,
        "state": "submitted",
        "end_reason": "",
        "started_at": utc_text(started),
        "finished_at": utc_text(started + timedelta(seconds=88)),
        "examinee": {
            "worker_id": worker_id,
            "employer_id": employer_id,
            "identified_by": "personnel_number",
            "confirmed": True,
        },
        "identification_attempts": 1,
        "consent": {
            "given": True,
            "version": "2026-01",
            "text_sha256": sha256_hex(b"consent"),
            "at": utc_text(started + timedelta(seconds=4)),
        },
        "face": {"outcome": "not_compared", "reason": "no_legal_basis"},
        "complaints": {"feels_well": True, "codes": [], "text": ""},
        "measurements": measurements,
        "failures": [],
        "limits": [
            {"parameter": "systolic_mmhg", "low": 90, "high": 140, "source": "default", "version": "2026-01"},
            {"parameter": "diastolic_mmhg", "low": 50, "high": 90, "source": "default", "version": "2026-01"},
            {"parameter": "pulse_bpm", "low": 50, "high": 100, "source": "default", "version": "2026-01"},
            {"parameter": "temperature_celsius", "low": 35.0, "high": 37.0, "source": "default", "version": "2026-01"},
            {"parameter": "breath_alcohol_mg_per_l", "high": 0, "source": "default", "version": "2026-01"},
        ],
        "rule_verdict": {
            "suggestion": "out_of_limits" if high else "within_limits",
            "findings": [finding] if high else [],
            "rules_version": "2026-01",
        },
        "media": [],
        "timings_s": {"identify": 6.2, "consent": 3.1, "complaints": 4.4, "temperature": 7.9, "pressure": 41.6},
        "software_s": 0.41,
        "software_version": "0.2.0",
        "config_version": "2026-01",
        "diary": {"first_seq": 1, "last_seq": 14, "head_hash": sha256_hex(dice.randbytes(16))},
    }


def _measurement(
    step: str, at: datetime, values: dict[str, Any], generation: str, dice: random.Random
) -> dict[str, Any]:
    device_id, driver, maker, model = _DEVICES[step]
    return {
        "measurement_id": new_id(),
        "step": step,
        "attempt": 1,
        "at": utc_text(at),
        "values": values,
        "device": {
            "device_id": device_id,
            "driver": driver,
            "maker": maker,
            "model": model,
            "serial": f"F{dice.randint(10_000, 99_999)}",
            "medical_device": True,
        },
        "derivation": "automatic",
        "generation": generation,
        "raw_hex": dice.randbytes(24).hex(),
        "details": {},
    }
