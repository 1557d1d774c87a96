"""A process of low priority that hurries where others wait for it. On Linux each thread has a niceness of its own."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")

_usual: list[ThreadPoolExecutor] = []


def give_way(niceness: int) -> None:
    """Lower the priority of this thread, and of those that are started from here on; one stays behind for `hurrying`.

    Without privileges nobody gets a priority back, so that thread has to be there before.
    """
    pool = ThreadPoolExecutor(1, "in a hurry")
    pool.submit(int).result()
    _usual.append(pool)
    os.nice(niceness)


def hurrying(work: Callable[[], Result]) -> Result:
    """Do it at the priority from before `give_way`, while this thread waits: somebody waits for a lock that it holds.

    At low priority a busy machine would let the holder of the lock wait longest of all, and with it everybody.
    """
    return _usual[0].submit(work).result() if _usual else work()
