"""What is made once for all open queues, and until when."""

import asyncio

import pytest

from central.console import live
from central.console.live import Live
from tests.console_centre import ConsoleCentre


async def _made(centre: ConsoleCentre) -> list[int]:
    made: list[int] = []

    def make() -> int:
        made.append(len(made))
        return made[-1]

    watched = Live(centre.engine, poll_s=0.01)
    watching = asyncio.create_task(watched.watch())
    before = [watched.shared("queue", make), watched.shared("queue", make)]  # nobody listens yet: nothing is kept
    listening = watched.changes(lambda: True)
    async with asyncio.timeout(20):
        await anext(listening)
        await anext(listening)
        first = [watched.shared("queue", make), watched.shared("queue", make)]
        await asyncio.to_thread(centre.exam, "1001")
        await anext(listening)
        second = [watched.shared("queue", make), watched.shared("queue", make)]
    watched.close()
    await watching
    await listening.aclose()
    return before + first + second


def test_what_all_queues_show_alike_is_made_once_between_two_changes(
    centre: ConsoleCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "SPACING_S", 0.0)
    assert asyncio.run(_made(centre)) == [0, 1, 2, 2, 3, 3]
