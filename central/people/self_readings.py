"""Takes readings of workers' personal devices: only with the worker's own consent to this, and as no examination.

A reading is told by a code of LOINC or MDC that stands for one of our quantities, in that quantity's unit. Nothing is converted,
rounded or guessed; what is not understood is refused with its word.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from central.store import consents, self_readings, workers
from central.store.self_readings import SelfReading
from sync.contract.canonical import new_id
from sync.contract.codes import QUANTITIES

CONSENT = "self_readings"
AHEAD = timedelta(minutes=5)
OLDEST = timedelta(days=366)
MOST_VALUE = 1000.0
"""No quantity that has a code is larger; what is, is a slip of a program and no reading."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One reading as a program sends it. `personnel_number`: at `employer_id`."""

    sent_id: str
    employer_id: str
    personnel_number: str
    code_system: str
    code: str
    unit: str
    value: float
    measured_at: datetime
    device: str


def take(connection: Connection, org: str, key_id: str, sent: Observation, now: datetime) -> str:
    """Keep a reading, in the caller's transaction; `taken`, `known`, or why it was refused:

    `unknown_worker`, `no_consent`, `unknown_code`, `wrong_unit`, `wrong_value`, `wrong_time`.
    """
    quantity = _quantity_of(sent.code_system, sent.code)
    if quantity is None:
        return "unknown_code"
    if sent.unit != QUANTITIES[quantity].unit:
        return "wrong_unit"
    if not math.isfinite(sent.value) or not 0 < sent.value <= MOST_VALUE:
        return "wrong_value"
    if not now - OLDEST <= sent.measured_at <= now + AHEAD:
        return "wrong_time"
    found = workers.find_worker(connection, org, sent.personnel_number, sent.employer_id)
    if found is None:
        return "unknown_worker"
    given = consents.of_worker(connection, found["worker_id"])
    consent_id = next((one.consent_id for one in given if one.kind == CONSENT and one.in_force), None)
    if consent_id is None:
        return "no_consent"
    item = SelfReading(
        reading_id=new_id(),
        org=org,
        worker_id=found["worker_id"],
        consent_id=consent_id,
        quantity=quantity,
        code_system=sent.code_system,
        code=sent.code,
        value=sent.value,
        measured_at=sent.measured_at,
        device=sent.device,
        key_id=key_id,
        sent_id=sent.sent_id,
        received_at=now,
    )
    return "taken" if self_readings.add(connection, item) else "known"


def _quantity_of(system: str, code: str) -> str | None:
    for name, one in QUANTITIES.items():
        if (system == "loinc" and one.loinc == code) or (
            system == "mdc" and one.mdc is not None and str(one.mdc) == code
        ):
            return name
    return None
