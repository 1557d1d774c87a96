"""The bytes of a kept signature: what it covers and the CMS, whether they lie in the store or inside of a signed file."""

import re
from dataclasses import dataclass

from central.grounds.document_files import DocumentFiles, DocumentLost
from central.store.kept_signatures import KeptSignature

_RANGE = re.compile(rb"/ByteRange \[\s*0 (\d+) (\d+) (\d+)\s*\]")


@dataclass(frozen=True, slots=True)
class SignedBytes:
    """`record`: a record, or a whole file; `cms`: the signature, DER."""

    record: bytes
    cms: bytes


def signed_bytes(item: KeptSignature, files: DocumentFiles) -> SignedBytes:
    """Raises `DocumentLost` for a file that is gone or changed, or has no signature in it."""
    if item.file is None:
        return SignedBytes(item.record, item.cms)
    pdf = files.open(item.file.file_id, item.file.stored_sha256, item.file.sha256)
    try:
        return SignedBytes(pdf, item.cms or signature_in(pdf))
    except ValueError as error:
        raise DocumentLost(item.file.file_id) from error


def signature_in(pdf: bytes) -> bytes:
    """The CMS (DER) inside of a PDF with one signature. Raises `ValueError` for one without."""
    place = _RANGE.search(pdf)
    if place is None:
        raise ValueError("there is no signature in the PDF")
    first, second = int(place[1]), int(place[2])
    padded = bytes.fromhex(pdf[first + 1 : second - 1].decode("ascii"))
    size = int.from_bytes(padded[2 : 2 + (padded[1] & 0x7F)], "big") + 2 + (padded[1] & 0x7F)
    return padded[:size]
