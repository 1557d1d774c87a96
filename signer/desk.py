"""Handles a request: asks for the PIN, holds the opened key for one session, and signs.

The window and the key come from outside. One request is worked on at a time: there is one token and one pair of eyes.
"""

import json
import re
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from central.signature.provider import SignatureProvider, SigningRefused
from sync.contract.signing_request import SigningRequest

OPEN_S = 4 * 3600.0
"""So long a key stays open after the PIN was typed, in seconds; signing does not prolong it."""
PIN_TRIES = 3
"""Wrong PINs for one request. A token blocks itself after a few more."""
MOST_NONCES = 20_000


class Window(Protocol):
    """The program's own window: the one place where a PIN is typed. Nothing of a worker is shown or kept in it."""

    def ask_pin(self, purpose: str, tries_left: int) -> str | None:
        """The PIN; None when nobody wants to type one."""

    def opened(self, certificate: x509.Certificate) -> None:
        """The key is open."""

    def signed(self, at: datetime, outcome: str, exam_id: str) -> None:
        """One decision was signed."""

    def signed_passport(self, at: datetime, record_id: str) -> None:
        """One sanitary passport was signed."""

    def signed_act(self, at: datetime, number: str) -> None:
        """One act was signed."""

    def refused(self, code: str) -> None:
        """A request was not followed."""


class Desk:
    """Safe to use from several threads. `open_key`: the key for a PIN; raises `SigningRefused`."""

    def __init__(
        self,
        window: Window,
        open_key: Callable[[str], SignatureProvider],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._window = window
        self._open_key = open_key
        self._monotonic = monotonic
        self._working = threading.Lock()
        self._nonces: set[str] = set()
        self._key: SignatureProvider | None = None
        self._session = ""
        self._until = 0.0

    def answer(self, request: SigningRequest, content: bytes, now: datetime) -> bytes:
        """The signature that an authentic request asks for: detached CMS, DER. Raises `SigningRefused`.

        `busy`, `replayed`, `locked` (no PIN was typed in this session), `not_wanted`, `pins_over`, `wrong_content`, and those
        of keys.
        """
        if not self._working.acquire(blocking=False):
            raise SigningRefused("busy", "another request is being worked on")
        try:
            if request.nonce in self._nonces or len(self._nonces) >= MOST_NONCES:
                raise SigningRefused("replayed", "this request was followed before")
            is_decision = request.purpose == "decide"
            signature = self._decided(request, content, now) if is_decision else self._signed(request, content)
            # One that came to nothing may be tried again: nothing was signed for it.
            self._nonces.add(request.nonce)
            return signature
        except SigningRefused as error:
            self._window.refused(error.code)
            raise
        finally:
            self._working.release()

    @property
    def is_open(self) -> bool:
        """Whether a decision could be signed now."""
        return self._key is not None and self._monotonic() < self._until

    def close(self) -> None:
        """Forget the key."""
        key, self._key, self._session = self._key, None, ""
        if key is not None:
            key.close()

    def _signed(self, request: SigningRequest, content: bytes) -> bytes:
        """A proof that the key is here: the PIN is typed for it, each time."""
        if {"decision", "passport", "act"} & _record(content).keys():
            raise SigningRefused("wrong_content", "a decision, passport or act is signed as such only")
        self.close()
        key = self._opened(request)
        try:
            signature = key.sign_detached(content)
        except SigningRefused:
            key.close()
            raise
        self._window.opened(key.certificate)
        if request.purpose == "open":
            self._key, self._session, self._until = key, request.session, self._monotonic() + OPEN_S
        else:
            key.close()
        return signature

    def _decided(self, request: SigningRequest, content: bytes, now: datetime) -> bytes:
        record = _record(content)
        if not self.is_open or self._key is None or request.session != self._session:
            self.close()
            raise SigningRefused("locked", "no PIN was typed in this session")
        _check_certificate(self._key, request)
        decision, exam, passport, act = (record.get(name) for name in ("decision", "exam", "passport", "act"))
        is_decision = isinstance(decision, dict) and isinstance(exam, dict)
        if [is_decision, isinstance(passport, dict), isinstance(act, dict)].count(True) != 1:
            raise SigningRefused("wrong_content", "this is no record of a decision, no passport and no act")
        try:
            signature = self._key.sign_detached(content)
        except SigningRefused:
            # The token was pulled out: it has to be opened again.
            self.close()
            raise
        if isinstance(decision, dict) and isinstance(exam, dict):
            self._window.signed(now, str(decision.get("outcome", "")), str(exam.get("exam_id", "")))
        elif isinstance(passport, dict):
            self._window.signed_passport(now, str(passport.get("record_id", "")))
        elif isinstance(act, dict):
            self._window.signed_act(now, f"{act.get('number', '')}/{act.get('year', '')}")
        return signature

    def _opened(self, request: SigningRequest) -> SignatureProvider:
        for left in range(PIN_TRIES, 0, -1):
            pin = self._window.ask_pin(request.purpose, left)
            if not pin:
                raise SigningRefused("not_wanted", "no PIN was typed")
            try:
                key = self._open_key(pin)
            except SigningRefused as error:
                if error.code != "wrong_passphrase":
                    raise
                continue
            try:
                _check_certificate(key, request)
            except SigningRefused:
                key.close()
                raise
            return key
        raise SigningRefused("pins_over", "too many wrong PINs")


def _check_certificate(key: SignatureProvider, request: SigningRequest) -> None:
    if request.certificate_sha256 not in {"", key.certificate.fingerprint(SHA256()).hex()}:
        raise SigningRefused("wrong_certificate", "the register of the centre names another certificate")


_TITLE = re.compile(
    rb'<\?xml version="1\.0" encoding="windows-1251"\?>\n<[^ >]+ [^ =]+="(ON_PTLS(?:PR|POS)MO_[0-9A-Za-z_.-]+)" '
)
"""How a medic's title of an electronic waybill begins: by its file name. The format has no word but "admitted"."""


def _record(content: bytes) -> dict[str, object]:
    title = _TITLE.match(content)
    if title is not None:
        return {"decision": {"outcome": "admitted"}, "exam": {"exam_id": title[1].decode("ascii")}}
    try:
        found = json.loads(content)
    except ValueError as error:
        raise SigningRefused("wrong_content", "not a record") from error
    if not isinstance(found, dict):
        raise SigningRefused("wrong_content", "not a record")
    return found
