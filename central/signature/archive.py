"""A chain of time stamps over one signature: each is made while the one before it still counts (RFC 4998, 5; RFC 5126, 6.4). Pure.

The first stamp is inside of the signature. Each renewal is a stamp over everything before it: the record, the signature with its
stamp, and the renewals so far, byte after byte. So a signature outlives certificates and algorithms: a later stamp proves that the
earlier one was there when it could still be believed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import cms as asn1_cms
from cryptography import x509

from central.signature.algorithms import Algorithms
from central.signature.chain import signer_certificate
from central.signature.stamp_line import StampError
from central.signature.timestamp import Stamp, stamp_in, stamp_over


@dataclass(frozen=True, slots=True)
class ArchiveChain:
    """What a chain says. `until`: up to when its newest part counts. `faults`: in words, of the part that they are about."""

    stamps: tuple[Stamp, ...]
    until: datetime
    faults: tuple[str, ...]


def covered(record: bytes, cms: bytes, renewals: Sequence[bytes]) -> bytes:
    """What the next renewal is over."""
    return b"".join((record, cms, *renewals))


def read_chain(
    record: bytes, cms: bytes, renewals: Sequence[bytes], roots: Sequence[x509.Certificate], algorithms: Algorithms
) -> ArchiveChain:
    """Verify each stamp, and that each was made before the one before it had ended.

    A signature without a stamp counts up to the end of its certificate. What cannot be verified is a fault and ends the walk.
    Raises `StampError` (`unreadable`) for what is no signature.
    """
    stamps: list[Stamp] = []
    faults: list[str] = []
    until, what = _signer_end(cms), "the signer's certificate"
    try:
        first = stamp_in(cms, roots)
        if first is not None:
            stamps.append(first)
            until, what = _end(first, algorithms), "the stamp of the signature"
        for number, token in enumerate(renewals, start=1):
            stamp = stamp_over(covered(record, cms, renewals[: number - 1]), token, roots)
            if stamp.at > until:
                faults.append(f"renewal {number} is of {_day(stamp.at)}, and {what} had ended on {_day(until)}: a gap")
            if stamps and stamp.at < stamps[-1].at:
                faults.append(f"renewal {number} is older than {what}")
            stamps.append(stamp)
            until, what = _end(stamp, algorithms), f"renewal {number}"
    except StampError as error:
        faults.append(f"after {what}: {error}")
    return ArchiveChain(tuple(stamps), until, tuple(faults))


def _end(stamp: Stamp, algorithms: Algorithms) -> datetime:
    end = algorithms.end(stamp.algorithms)
    return stamp.until if end is None else min(stamp.until, end)


def _signer_end(cms: bytes) -> datetime:
    try:
        signed = asn1_cms.ContentInfo.load(cms)["content"]
        certificates = [x509.load_der_x509_certificate(item.chosen.dump()) for item in signed["certificates"]]
        return signer_certificate(signed["signer_infos"][0], certificates).not_valid_after_utc
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise StampError("unreadable", f"not a CMS signature: {error}") from error


def _day(moment: datetime) -> str:
    return moment.date().isoformat()
