"""Checking a medic's signature on a decision: the signature itself, and that its owner is the medic whom the record names. Pure.

Every place of the centre that believes a signature on a decision goes through here: before it is stored, in the journal, on the
exam's page and papers, in `verify`.
"""

import json
from collections.abc import Sequence
from datetime import datetime

from cryptography import x509

from central.signature.chain import SignatureError
from central.signature.verification import VerifiedSignature, verify_detached


def verify_decision(
    signature: bytes,
    record: bytes,
    roots: Sequence[x509.Certificate],
    *,
    at: datetime,
    revocation_lists: Sequence[x509.CertificateRevocationList] | None = None,
) -> VerifiedSignature:
    """As `verify_detached`, with one fault more: `wrong_signer`, where the record names another certificate than has signed.

    `record`: the exact signed bytes.
    """
    verified = verify_detached(signature, record, roots, at=at, revocation_lists=revocation_lists)
    try:
        medic = json.loads(record)["medic"]
        named = (medic["certificate_sha256"], medic["certificate_serial"])
    except (ValueError, KeyError, TypeError) as error:
        raise SignatureError("unreadable", "the signed record names no certificate of a medic") from error
    if named != (verified.certificate_sha256, verified.certificate_serial):
        raise SignatureError("wrong_signer", "the record names another certificate than the one that signed")
    return verified
