"""Proposes reasons of the book that match the findings of an exam. Pure. Only the medic chooses one (law 12)."""

from collections.abc import Mapping
from typing import Any

from central.core.reasons import Reason, is_intoxication, reasons

EVERY_ATTEMPT_COUNTS = ("breath",)
"""Steps whose first positive test is not wiped out by a second one; of the others the last attempt counts."""


def proposed(payload: Mapping[str, Any], *, speaks_against_remote: bool = False) -> tuple[str, ...]:
    """Codes of the offered reasons that match: intoxication first, then in the order in which the rules found them.

    `payload`: an exam record as stored. `speaks_against_remote`: a register says that this worker may not be examined remotely.
    """
    last = _last_attempts(payload)
    found = [
        f"{item['parameter']} {item['code']}"
        for item in payload["rule_verdict"].get("findings", ())
        if item.get("attempt") is None or last.get(item["parameter"], item["attempt"]) <= item["attempt"]
    ]
    if speaks_against_remote:
        found.append("remote forbidden")
    org = str(payload.get("org", ""))
    book = reasons(org).values()
    matching = dict.fromkeys(reason.code for one in found for reason in book if _matches(reason, one))
    return tuple(sorted(matching, key=lambda code: not is_intoxication((code,), org)))


def _matches(reason: Reason, finding: str) -> bool:
    return reason.offered and finding in reason.found_by


def _last_attempts(payload: Mapping[str, Any]) -> dict[str, int]:
    """The last attempt that gave a value, by quantity; of steps where it takes back what an earlier one said."""
    last: dict[str, int] = {}
    for item in payload.get("measurements", ()):
        if item["step"] not in EVERY_ATTEMPT_COUNTS:
            for name in item["values"]:
                last[name] = max(last.get(name, 0), item["attempt"])
    return last
