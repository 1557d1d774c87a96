"""Signs a PDF inside itself: PAdES baseline B-B, and B-T with a time stamp (ETSI EN 319 142-1). Pure but for the authority of time.

The signature covers the whole file, attachments too. Whoever opens it with any reader of PDF sees whether a byte was changed.
"""

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from asn1crypto import cms, keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.embed import EmbeddedFileObject, FileSpec, embed_file
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfReadError
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.signers.pdf_signer import PdfSigningSession
from pyhanko.sign.timestamps import TimeStamper as AnyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from central.signature.pdf_attachment import Attachment
from central.signature.pdf_key import PdfKey
from central.signature.software import SigningKey
from central.signature.timestamp import TimeStamper

FIELD = "Organisation"
"""Name of the signature's field."""
_RESERVED_BYTES = 16 * 1024
"""Room for the signature: certificates, and a token of time whose size nobody knows before it is there."""
_DIGEST = "sha256"


def sign_pdf(
    pdf: bytes,
    key: PdfKey,
    *,
    at: datetime,
    name: str,
    reason: str = "",
    attachments: Sequence[Attachment] = (),
    stamper: TimeStamper | None = None,
) -> bytes:
    """The PDF with attachments and the signature of `key`. What `pdf` was stays its beginning, byte by byte.

    `at`: what the signature claims as its moment; `name`, `reason`: what readers show of the signer and the purpose. `stamper`
    proves the moment. Raises `StampError` where no time stamp was given, `ValueError` for what is no PDF.
    """
    try:
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
        for one in attachments:
            _attach(writer, one)
    except PdfReadError as error:
        raise ValueError(f"not a PDF that can be signed: {error}") from error
    meta = PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm=_DIGEST,
        subfilter=SigSeedSubFilter.PADES,
        name=name,
        reason=reason or None,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
    )
    signer = SimpleSigner(_certificate(key.certificate), _private(key.key), _store(key.issuers), embed_roots=True)
    stamps = _Stamps(stamper, at) if stamper is not None else None
    signed = _SignerAt(meta, signer, at, stamps).sign_pdf(writer, bytes_reserved=_RESERVED_BYTES)
    return bytes(signed.getvalue())


class _SignerAt(PdfSigner):
    """Writes the moment that it was given, not that of the machine."""

    def __init__(
        self, meta: PdfSignatureMetadata, signer: SimpleSigner, at: datetime, stamps: "_Stamps | None"
    ) -> None:
        super().__init__(meta, signer, timestamper=stamps)
        self._at = at

    def init_signing_session(self, pdf_out: BasePdfFileWriter, existing_fields_only: bool = False) -> PdfSigningSession:
        session = super().init_signing_session(pdf_out, existing_fields_only)
        session.system_time = self._at
        return session


class _Stamps(AnyTimeStamper):
    """The centre's own line to its authority: with its terms, and with tokens that are verified before they are used."""

    def __init__(self, stamper: TimeStamper, now: datetime) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # the library has no types here
        self._stamper, self._now = stamper, now

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """A token over the digest of the signature's value. Raises `StampError`."""
        token, _ = self._stamper.token(message_digest, self._now, md_algorithm)
        return cms.ContentInfo.load(token)


def _attach(writer: IncrementalPdfFileWriter, one: Attachment) -> None:
    held = EmbeddedFileObject.from_file_data(writer, one.content, mime_type=one.media_type)
    kind = generic.NameObject("/Supplement")
    embed_file(writer, FileSpec(one.name, one.name, held, one.words, af_relationship=kind))


def _certificate(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))


def _private(key: SigningKey) -> Any:
    return keys.PrivateKeyInfo.load(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))


def _store(issuers: Sequence[x509.Certificate]) -> SimpleCertificateStore:
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]  # the library has no types here
    for one in issuers:
        store.register(_certificate(one))
    return store
