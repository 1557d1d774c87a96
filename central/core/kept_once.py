"""Things that wait in the memory of the serving process for one answer: each is taken once, by its owner, within its term."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")

MOST = 2000
"""Things that are kept; of more the oldest is forgotten, so that strangers fill no memory."""


class KeptOnce(Generic[Item]):
    """Safe to use from several threads."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[float, str, Item]] = OrderedDict()

    def keep(self, key: str, owner: str, item: Item, term_s: float) -> None:
        """Keep it under a key that nobody can guess."""
        with self._lock:
            self._kept[key] = (self._monotonic() + term_s, owner, item)
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)

    def take(self, key: str, owner: str) -> Item | None:
        """The thing, once: whoever comes second finds nothing. Who is not its owner finds nothing and takes nothing away."""
        with self._lock:
            found = self._kept.get(key)
            if found is None or found[1] != owner:
                return None
            del self._kept[key]
        return found[2] if self._monotonic() < found[0] else None
