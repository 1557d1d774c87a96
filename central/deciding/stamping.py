"""The organisation's setting for time stamps: nothing, a stamp where there can be one, or no signature without."""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509

from central.core import metrics
from central.core.config import TimestampConfig
from central.signature.algorithms import Algorithms
from central.signature.provider import SigningRefused
from central.signature.stamp_line import StampError
from central.signature.timestamp import Stamp, TimeStamper, stamp_in
from sync.contract.model import utc_text

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ShownStamp:
    """What a page says of a signature's time. `state`: `stamped` and verified now, `missing`, `broken`, `none`.

    `code` of `missing`: why, as in `StampError`.
    """

    state: str
    at: datetime | None = None
    authority: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class StampOutage:
    """Signatures get no stamps. `code`: why, as in `StampError`; `required`: nothing is signed meanwhile."""

    since: datetime
    code: str
    required: bool


class Stamping:
    """The policy. Raises `OSError` or `ValueError` for a file of roots that cannot be read."""

    def __init__(self, config: TimestampConfig | None) -> None:
        self._required = config is not None and config.required
        self.roots: list[x509.Certificate] = []
        self.algorithms = Algorithms.of(config.algorithms if config is not None else ())
        self.renew_before = timedelta(days=config.renew_before_days if config is not None else 0)
        self._stamper: TimeStamper | None = None
        self._outage: StampOutage | None = None
        if config is not None:
            self.roots = x509.load_pem_x509_certificates(config.ca_file.read_bytes())
            skew = timedelta(seconds=config.max_skew_s)
            self._stamper = TimeStamper(config.url, self.roots, config.timeout_s, skew)

    def apply(self, signature: bytes, now: datetime) -> tuple[bytes, dict[str, Any]]:
        """The signature with a time stamp where one can be had, and what is kept of it beside the decision.

        Raises `SigningRefused` (`no_time_stamp`) where there must be one.
        """
        if self._stamper is None:
            return signature, {"state": "none"}
        try:
            stamped, stamp = self._stamper.stamp(signature, now)
        except StampError as error:
            self._note_failure(error, now)
            return signature, {"state": "missing", "code": error.code}
        self._note_success()
        return stamped, {"state": "stamped", "at": utc_text(stamp.at), "serial": stamp.serial}

    def sign_pdf(self, sign: Callable[[TimeStamper | None], bytes], now: datetime) -> tuple[bytes, str]:
        """What `sign` makes with a stamp where one can be had, and whether it has one: `stamped`, `missing`, `none`.

        Raises `SigningRefused` (`no_time_stamp`) where there must be one.
        """
        if self._stamper is None:
            return sign(None), "none"
        try:
            signed = sign(self._stamper)
        except StampError as error:
            self._note_failure(error, now)
            return sign(None), "missing"
        self._note_success()
        return signed, "stamped"

    def token(self, value: bytes, now: datetime) -> tuple[bytes, Stamp]:
        """A token over a value by a digest that lasts, and what it says. Raises `StampError`."""
        if self._stamper is None:
            raise StampError("unreachable", "no time-stamping authority is configured")
        algorithm = self.algorithms.digest(now)
        return self._stamper.token(hashlib.new(algorithm, value).digest(), now, algorithm)

    def _note_success(self) -> None:
        metrics.time_stamps.labels("stamped").inc()
        if self._outage is not None:
            log.info("time stamps are given again")
            self._outage = None

    def _note_failure(self, error: StampError, now: datetime) -> None:
        metrics.time_stamps.labels(error.code).inc()
        self._note_outage(error, now)
        if self._required:
            raise SigningRefused("no_time_stamp", f"no time stamp was given: {error}") from error

    @property
    def outage(self) -> StampOutage | None:
        """Why the newest signature got no stamp, and since when none did; None when it got one, or none was asked for yet."""
        return self._outage

    def _note_outage(self, error: StampError, now: datetime) -> None:
        if self._outage is None:
            log.warning("signatures get no time stamps: %s", error)
        since = self._outage.since if self._outage is not None else now
        self._outage = StampOutage(since, error.code, self._required)

    def shown(self, signature: bytes, kept: dict[str, Any]) -> ShownStamp:
        """What to say of a stored signature, with what `apply` had kept of it."""
        try:
            stamp = stamp_in(signature, self.roots)
        except StampError:
            return ShownStamp("broken")
        if stamp is not None:
            return ShownStamp("stamped", stamp.at, stamp.authority)
        state = kept.get("state", "none")
        return ShownStamp("broken" if state == "stamped" else state, code=kept.get("code", ""))
