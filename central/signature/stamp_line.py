"""Asks a time-stamping authority so that its delays affect few signatures, and none for long.

A signing medic, a worker at a kiosk and one of the few threads that answer pages wait for the answer. So an
answer has one term for all of it (a name that is not found, a line that is silent, a body that comes byte by byte); only so many
ask at once; and an authority that has let the term pass is left alone for a while, which grows each time until it speaks again.
"""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable

from central.core.step_records import place_of
from central.egress.connecting import Unreached
from central.egress.rules import OPERATORS_OWN, web_address
from central.egress.web import exchange_once

log = logging.getLogger(__name__)

MAX_ANSWER_BYTES = 256 * 1024
AT_ONCE = 6
"""So many ask at once: half of the threads that answer the console's pages (`central.console.app.THREADS`)."""
FIRST_REST_S = 5.0
MAX_REST_S = 60.0
"""A silent authority is left alone for the first of these times, then for twice as long each time, up to the second."""
_HEADERS = {
    "Content-Type": "application/timestamp-query",
    "Accept": "application/timestamp-reply",
    "Accept-Encoding": "identity",
}


class StampError(Exception):
    """No time stamp, or not one to be believed.

    `code`: `unreachable`, `no_answer` (within the term), `resting` (not asked: it was silent just before), `busy` (not asked: too
    many ask already), `refused`, `unreadable`, `wrong_imprint`, `wrong_nonce`, `wrong_time`, `untrusted`.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class StampLine:
    """The way to one authority, from any thread. `timeout_s`: the term of a whole answer, in seconds."""

    def __init__(self, url: str, timeout_s: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._timeout_s = timeout_s
        self._monotonic = monotonic
        self._keeping = threading.Lock()
        self._asking = 0
        self._silences = 0
        self._rests_until_s = 0.0

    def ask(self, request: bytes) -> bytes:
        """The body of the answer to a time-stamp query (RFC 3161, 3.4). Raises `StampError` when the term is over."""
        self._enter()
        outcomes: queue.SimpleQueue[bytes | StampError] = queue.SimpleQueue()
        # A thread of its own: a name server that is silent cannot be interrupted, and the caller must not wait for it.
        threading.Thread(target=self._run, args=(request, outcomes), name="time-stamp", daemon=True).start()
        try:
            outcome = outcomes.get(timeout=self._timeout_s)
        except queue.Empty:
            outcome = self._no_answer()
        self._note(is_silent=isinstance(outcome, StampError) and outcome.code == "no_answer")
        if isinstance(outcome, StampError):
            raise outcome
        return outcome

    def _enter(self) -> None:
        with self._keeping:
            rest_s = self._rests_until_s - self._monotonic()
            if rest_s > 0:
                raise StampError("resting", f"{self._url} was silent and is asked again in {rest_s:.0f} s")
            if self._silences and self._asking:
                raise StampError(
                    "resting", f"{self._url} was silent, and one request finds out whether it speaks again"
                )
            if self._asking >= AT_ONCE:
                raise StampError("busy", f"{self._asking} requests wait for {self._url} already")
            self._asking += 1

    def _note(self, *, is_silent: bool) -> None:
        with self._keeping:
            now_s = self._monotonic()
            if not is_silent:
                self._silences, self._rests_until_s = 0, now_s
            elif now_s >= self._rests_until_s:  # those who asked together with the first one are one silence
                self._rests_until_s = now_s + min(MAX_REST_S, FIRST_REST_S * 2**self._silences)
                self._silences += 1

    def _run(self, request: bytes, outcomes: "queue.SimpleQueue[bytes | StampError]") -> None:
        try:
            outcome = self._outcome(request)
        finally:
            with self._keeping:
                self._asking -= 1
        outcomes.put(outcome)

    def _outcome(self, request: bytes) -> bytes | StampError:
        try:
            answer = asyncio.run(
                exchange_once(
                    web_address(self._url, OPERATORS_OWN),
                    request,
                    _HEADERS,
                    OPERATORS_OWN,
                    term_s=self._timeout_s,
                    max_bytes=MAX_ANSWER_BYTES,
                )
            )
        except Unreached as error:
            if error.code == "no_answer":
                return self._no_answer()
            code = "unreadable" if error.code == "unreadable" else "unreachable"
            return StampError(code, f"{self._url}: {error}")
        except Exception as error:  # noqa: BLE001  # whoever waits for the answer is told, whatever it was
            log.error("the time-stamping authority could not be asked: %s", place_of(error))
            return StampError("unreachable", f"{self._url}: {type(error).__name__}")
        if not answer.is_success:
            return StampError("refused", f"{self._url} answered {answer.status}")
        return answer.body

    def _no_answer(self) -> StampError:
        return StampError("no_answer", f"{self._url} did not answer within {self._timeout_s:g} s")
