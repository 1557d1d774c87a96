"""Explains why a connection ended, in words that say who must act."""

from datetime import UTC, datetime

from sync.broker_address import BrokerAddress
from sync.link_report import LinkCode
from sync.publisher import ACCESS_REFUSED


def why_disconnected(broker: BrokerAddress, reason: str) -> tuple[LinkCode, str]:
    """The library's word, or a clear one: a broker hangs up on an expired certificate without saying why."""
    if reason.startswith(ACCESS_REFUSED):
        return "topics_refused", reason
    if reason.startswith("QoS"):
        return (
            "qos_refused",
            f"the broker refuses QoS 1, and nothing may be lost (administrator of the broker): {reason}",
        )
    until = broker.valid_until()
    if until is None or until > datetime.now(UTC):
        return "disconnected", reason
    words = f"the terminal's certificate expired on {until:%Y-%m-%d}; enrol the terminal again (service engineer)"
    return "certificate_expired", words
