"""The plan of torture: drawn from the seed alone, and everything in it."""

from typing import get_args

from dopusk.lab.torture.plan import ROUND_S, Kind, draw, processes

TERMINALS, INGESTS = ["kiosk-1", "kiosk-2"], ["ingest-1"]


def test_the_same_seed_draws_the_same_blows() -> None:
    assert draw(50, 7, TERMINALS, INGESTS) == draw(50, 7, TERMINALS, INGESTS)
    assert draw(50, 7, TERMINALS, INGESTS) != draw(50, 8, TERMINALS, INGESTS)
    assert draw(50, 7, TERMINALS, INGESTS)[:20] == draw(20, 7, TERMINALS, INGESTS)


def test_every_kind_of_blow_falls_and_everybody_is_killed() -> None:
    blows = [fault for faults in draw(200, 7, TERMINALS, INGESTS) for fault in faults]
    assert {fault.kind for fault in blows} == set(get_args(Kind))
    assert {fault.target for fault in blows if fault.kind == "kill"} == set(processes(TERMINALS, INGESTS))
    assert {fault.hours > 0 for fault in blows if fault.kind == "clock_jump"} == {True, False}
    assert all(0 <= fault.at_s <= ROUND_S for fault in blows)
