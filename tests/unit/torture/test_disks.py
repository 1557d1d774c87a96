"""The disks that a power cut could leave, from hand-made recordings."""

import random
from collections.abc import Sequence

from dopusk.lab.torture.power_cut.disks import Disk, disks
from dopusk.lab.torture.power_cut.recording import Delete, Operation, Promise, Sync, Truncate, Write


def found(*operations: Operation) -> list[Disk]:
    return list(disks(operations, random.Random(1), drawn=9))


def at_end(everything: Sequence[Disk]) -> list[Disk]:
    last = max(disk.moment for disk in everything)
    return [disk for disk in everything if disk.moment == last]


def test_what_was_synced_is_on_every_disk() -> None:
    ends = at_end(found(Write("a", 0, b"12"), Sync("a"), Promise(1), Write("a", 0, b"xx")))
    assert {disk.promised for disk in ends} == {1}
    assert {disk.files["a"] for disk in ends} >= {b"12", b"xx"}
    assert all(len(disk.files["a"]) == 2 for disk in ends)


def test_a_sync_is_for_its_own_file_alone() -> None:
    ends = at_end(found(Write("a", 0, b"1"), Write("b", 0, b"2"), Sync("a")))
    assert any("b" not in disk.files for disk in ends)
    assert all(disk.files["a"] == b"1" for disk in ends)


def test_a_later_write_may_be_there_without_an_earlier_one() -> None:
    ends = at_end(found(Write("a", 0, b"1"), Write("a", 3, b"4")))
    assert b"\0\0\x004" in {disk.files.get("a") for disk in ends}


def test_a_deletion_that_was_not_synced_may_come_undone() -> None:
    ends = at_end(found(Write("a", 0, b"1"), Sync("a"), Delete("a")))
    assert {"a" in disk.files for disk in ends} == {True, False}


def test_truncation_counts_too() -> None:
    ends = at_end(found(Write("a", 0, b"1234"), Sync("a"), Truncate("a", 1)))
    assert {disk.files["a"] for disk in ends} == {b"1234", b"1"}


def test_a_write_may_be_torn() -> None:
    whole = bytes(range(1, 251)) * 8
    ends = at_end(found(Write("a", 0, whole)))
    assert any(disk.files.get("a", b"") not in (b"", whole) for disk in ends)
