"""Frauds as far as they are visible in what the centre keeps. Asked for by name only, and each exam of one says so in the report.

Two kinds change the exams of a day here. Two more are people: workers who show the same values at every exam
(`society.Human.is_copied`), and a medic who decides two seconds after a record has come (`society.Doctor.is_hasty`).
"""

import random
from collections.abc import Sequence
from datetime import timedelta

from dopusk.lab.population.visits import Visit

TWO_PLACES = "two_places"
"""The same worker at two terminals within minutes."""
BLOWN_FOR_ANOTHER = "blown_for_another"
"""The breath of a colleague, to the byte, in the exam of somebody who came to the same terminal right after."""
SAME_VALUES = "same_values"
HASTY_MEDIC = "hasty_medic"
KINDS = (TWO_PLACES, BLOWN_FOR_ANOTHER, SAME_VALUES, HASTY_MEDIC)
PER_EXAMS = 1500
"""On a day with so many exams there is one of each kind that a day has; on smaller days now and then."""
_WITHIN = timedelta(minutes=12)
_TRIES = 40


def commit_frauds(dice: random.Random, visits: list[Visit]) -> None:
    """Change some exams of a day in place; how many there are and when they end stays as it was."""
    expected = len(visits) / PER_EXAMS
    count = int(expected) + (dice.random() < expected % 1.0)
    for _ in range(count):
        _be_at_two_places(dice, visits)
        _blow_for_another(dice, visits)


def _be_at_two_places(dice: random.Random, visits: list[Visit]) -> None:
    pair = _pair(dice, visits, same_gate=False)
    if pair is not None:
        first, second = pair
        # Somebody else stands there: the values stay that other person's.
        second.job = first.job
        first.fraud = second.fraud = TWO_PLACES


def _blow_for_another(dice: random.Random, visits: list[Visit]) -> None:
    pair = _pair(dice, visits, same_gate=True)
    if pair is not None:
        first, second = pair
        second.breath_of = first
        first.fraud = second.fraud = BLOWN_FOR_ANOTHER


def _pair(dice: random.Random, visits: Sequence[Visit], *, same_gate: bool) -> tuple[Visit, Visit] | None:
    """Two plain exams of one organisation, the second soon after the first."""
    for _ in range(_TRIES if len(visits) > 1 else 0):
        place = dice.randrange(len(visits) - 1)
        first = visits[place]
        for second in visits[place + 1 : place + 200]:
            if second.finished_at - first.finished_at > _WITHIN:
                break
            alike = first.job.firm.centre == second.job.firm.centre and first.job.human is not second.job.human
            if alike and (first.gate == second.gate) is same_gate and _is_plain(first) and _is_plain(second):
                return first, second
    return None


def _is_plain(visit: Visit) -> bool:
    is_one = not visit.fraud and not visit.end_reason and len(visit.revisions) == 1 and not visit.misses
    return is_one and visit.revisions[0].suggestion == "within_limits"
