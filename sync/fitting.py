"""Checks which messages fit the present broker: the others are parked, and queued again for one that accepts them."""

import logging

from sync.broker_limits import BrokerLimits
from sync.contract.envelope import MAX_MESSAGE_BYTES
from sync.contract.topics import TerminalAddress, Up
from sync.outbox import OVERSIZED, Outbox, OutboxRow

log = logging.getLogger(__name__)


class Fitting:
    """Holds the limits of the last connection. Only the sync thread uses it."""

    def __init__(self, address: TerminalAddress) -> None:
        self._address = address
        self._is_released = False
        self.limits: BrokerLimits | None = None
        """None before the first connection."""

    def take(self, limits: BrokerLimits) -> bool:
        """The broker has told its limits; whether they are others than before."""
        is_new = limits != self.limits
        self.limits = limits
        self._is_released = self._is_released and not is_new
        return is_new

    def release(self, outbox: Outbox) -> None:
        """Once for each new limits: queue again what an earlier broker would not take, as far as this one does."""
        if self._is_released:
            return
        longest = max((self._address.up(kind) for kind in Up), key=len)
        most_bytes = None if self.limits is None else self.limits.most_payload_bytes(longest)
        released = outbox.requeue_oversized(MAX_MESSAGE_BYTES if most_bytes is None else most_bytes)
        self._is_released = True
        if released:
            log.warning("%d messages that an earlier broker would not take are queued again", released)

    def takes(self, topic: str, payload_bytes: int) -> bool:
        """Whether the broker takes a message of that size."""
        return self.limits is None or self.limits.takes(topic, payload_bytes)

    def is_fit(self, row: OutboxRow, outbox: Outbox) -> bool:
        """Park what this broker does not take in one packet: it would cost the connection each time it is tried."""
        if self.takes(self._address.up(row.kind), len(row.wire)):
            return True
        most = self.limits.packet_bytes if self.limits else None
        words = f"{len(row.wire)} bytes of content; this broker takes packets of at most {most} (administrator of the broker)"
        log.error("message %s waits for another broker or another limit: %s", row.message_id, words)
        outbox.park(row.seq, OVERSIZED, words)
        return False
