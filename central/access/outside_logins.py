"""A login that was sent to a provider: what is remembered of it until it comes back."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from central.access.oidc_provider import Begun

ANSWER_S = 600.0
"""So long somebody may type at the provider, in seconds."""
CODE_S = 300.0
"""So long a login that the provider has vouched for waits for the one-time code, in seconds."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One login on its way. Its owner is the browser that began it."""

    browser: str
    """SHA-256 of that browser's cookie."""
    begun: Begun
    next_path: str
    draft: dict[str, Any] | None
    subject: str = ""
    """Whom the provider has vouched for; empty before."""


def browser_hash(cookie: str) -> str:
    """What is kept of a browser's cookie."""
    return sha256(cookie.encode("utf-8")).hexdigest()
