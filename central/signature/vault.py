"""Keeps opened keys for a limited time in the memory of the serving process only."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from cryptography import x509

from central.signature.provider import SignatureProvider, SigningRefused

UNLOCKED_S = 4 * 3600.0
"""How long a key stays open after the medic opened it, in seconds; signing does not prolong it."""


@dataclass(frozen=True, slots=True)
class _Opened:
    provider: SignatureProvider
    medic_id: str
    until: float


class Vault:
    """Keys by console session. Safe to use from several threads."""

    def __init__(self, unlocked_s: float = UNLOCKED_S, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._unlocked_s = unlocked_s
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._opened: dict[str, _Opened] = {}

    def put(self, session_id: str, medic_id: str, provider: SignatureProvider) -> None:
        """Keep an opened key for this session; one that was there before is closed."""
        with self._lock:
            before = self._opened.pop(session_id, None)
            self._opened[session_id] = _Opened(provider, medic_id, self._monotonic() + self._unlocked_s)
        if before is not None:
            before.provider.close()

    def get(self, session_id: str, medic_id: str) -> SignatureProvider:
        """The medic's opened key. Raises `SigningRefused` (`locked`) when it was never opened or its time is over."""
        with self._lock:
            self._drop_expired()
            opened = self._opened.get(session_id)
        if opened is None or opened.medic_id != medic_id:
            raise SigningRefused("locked", "the signing key is not unlocked in this session")
        return opened.provider

    def is_open(self, session_id: str, medic_id: str) -> bool:
        """Whether a decision of this session could be signed now."""
        with self._lock:
            self._drop_expired()
            opened = self._opened.get(session_id)
        return opened is not None and opened.medic_id == medic_id

    def close(self, session_id: str) -> None:
        """Forget the key of a session."""
        with self._lock:
            opened = self._opened.pop(session_id, None)
        if opened is not None:
            opened.provider.close()

    def close_of(self, medic_id: str) -> None:
        """Forget every key of a medic, in whatever session it was opened."""
        with self._lock:
            own = [session_id for session_id, item in self._opened.items() if item.medic_id == medic_id]
        for session_id in own:
            self.close(session_id)

    def sessions(self) -> list[str]:
        """The sessions that hold a key."""
        with self._lock:
            return list(self._opened)

    def holder(self, session_id: str) -> tuple[str, x509.Certificate] | None:
        """Whose key the session holds, and with which certificate."""
        with self._lock:
            opened = self._opened.get(session_id)
        return None if opened is None else (opened.medic_id, opened.provider.certificate)

    def _drop_expired(self) -> None:
        now = self._monotonic()
        for session_id in [key for key, item in self._opened.items() if item.until <= now]:
            self._opened.pop(session_id).provider.close()
