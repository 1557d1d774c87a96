"""Logins that were sent to a provider and have not come back, in the memory of the serving process.

Each is good for one answer, in the browser that began it, and for a short time.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from central.access.oidc_provider import Begun

ANSWER_S = 600.0
"""So long somebody may type at the provider, in seconds."""
CODE_S = 300.0
"""So long a login that the provider has vouched for waits for the one-time code, in seconds."""
MOST = 2000
"""Logins that are kept; of more the oldest is forgotten, so that strangers fill no memory."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One login on its way."""

    browser: str
    """SHA-256 of the cookie of the browser that began it."""
    begun: Begun
    next_path: str
    draft: dict[str, Any] | None
    subject: str = ""
    """Whom the provider has vouched for; empty before."""


class OutsideLogins:
    """Safe to use from several threads."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[float, Waiting]] = OrderedDict()

    def keep(self, key: str, item: Waiting, term_s: float) -> None:
        """Keep a login under its state, or under the ticket of its second step."""
        with self._lock:
            self._kept[key] = (self._monotonic() + term_s, item)
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)

    def take(self, key: str, browser: str) -> Waiting | None:
        """The login, once: whoever comes second finds nothing. Another browser finds nothing and takes nothing away."""
        with self._lock:
            until, item = self._kept.get(key, (0.0, None))
            if item is None or item.browser != browser_hash(browser):
                return None
            del self._kept[key]
        return item if self._monotonic() < until else None


def browser_hash(cookie: str) -> str:
    """What is kept of a browser's cookie."""
    return sha256(cookie.encode("utf-8")).hexdigest()
