"""Who may conclude what (835n, item 13): a mid-level medic who finds signs sends the worker to a doctor. Pure.

The worker stays away from work either way. A medical organisation whose rules differ says so in `[decisions]`.
"""

from central.store.medics import MedicEntry

MID_LEVEL = "secondary"
"""Education of feldshers and nurses, as the register of medics has it."""
SIGNS_FOUND = frozenset({"not_admitted"})
"""Outcomes that conclude that signs are present."""


def may_find_signs(medic: MedicEntry, *, mid_level_may: bool) -> bool:
    """Whether this medic may conclude that signs are present. `mid_level_may`: `decisions.mid_level_finds_signs`."""
    return mid_level_may or medic.education.strip() != MID_LEVEL


def conclusion_faults(medic: MedicEntry, outcome: str, *, mid_level_may: bool) -> dict[str, str]:
    """What is beyond the medic's right: field of the form → code; empty for what she may conclude."""
    beyond = outcome in SIGNS_FOUND and not may_find_signs(medic, mid_level_may=mid_level_may)
    return {"outcome": "mid_level"} if beyond else {}
