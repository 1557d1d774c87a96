"""What holds for every test: no display, no leftover threads, no store of another test that is still asked for words."""

import gc
import os
import signal
import threading
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from central.core import book_source
from tests import compiled_sql

compiled_sql.share()

pytest_plugins = ["tests.scheduling"]

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_QUICK_BACKEND", "software")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell lets its background jobs ignore Ctrl-C, and so would every program that a test starts and ends by it.
    signal.signal(signal.SIGINT, signal.default_int_handler)

LEAVE_WITHIN_S = 60.0

# A test asserts no time, neither of a case nor of its making, and what it tries is the same in every run.
settings.register_profile(
    "dopusk", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True, database=None
)
# New cases each time, and many more: `pytest --hypothesis-profile=explore`.
settings.register_profile("explore", settings.get_profile("dopusk"), derandomize=False, max_examples=2000)
settings.load_profile("dopusk")


YOUNG_OBJECTS = 20_000
"""After so many new objects, and not after 700, garbage is looked for: that took a sixth of all processor time."""


def pytest_collection_finish() -> None:
    """What the tests import stays to the end: it need not be looked through again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 10, 10)


@pytest.fixture(autouse=True)
def no_leftover_threads() -> Iterator[None]:
    """A test that leaves a thread behind has not closed what it opened. Daemon threads of libraries are theirs."""
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        if not thread.daemon:
            thread.join(LEAVE_WITHIN_S)
    left = [t.name for t in set(threading.enumerate()) - before if not t.daemon]
    assert not left, f"threads left behind: {left}"


@pytest.fixture(scope="module", autouse=True)
def books_of_the_module() -> Iterator[None]:
    """A console names its store as the source of published words for the whole process, and here a process sees many of them:
    the next test would open the store of the last one anew, and nobody would close it."""
    yield from _books_asked_before()


@pytest.fixture(autouse=True)
def books_of_the_test(books_of_the_module: None) -> Iterator[None]:
    yield from _books_asked_before()


def _books_asked_before() -> Iterator[None]:
    before = list(book_source._sources)
    yield
    book_source._sources[:] = before
