"""Signs a paper by the organisation's key: once, kept sealed by hash; whoever prints it again gets the same bytes.

Inside of the PDF lie the record that the medic signed and the medic's signature. The organisation's signature covers them too:
it is no medic's act, it says that the file is the organisation's and unchanged. Nothing is locked while an authority of time is
awaited.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.hashes import SHA256
from sqlalchemy import Engine

from central.authority.organisation_keys import OrganisationKey, organisation_key
from central.authority.pki import Authority
from central.core.trust import Trust
from central.deciding.stamping import Stamping
from central.grounds.document_files import DocumentFiles
from central.papers.issuing import Granted, draw
from central.papers.sheet import Sheet
from central.signature.gost import GostKey
from central.signature.pdf_attachment import Attachment
from central.store import signed_papers
from central.store.engine import reading, writing
from central.store.papers import Paper
from central.store.signed_papers import DETACHED, PADES, SignedPaper
from sync.contract.canonical import new_id, sha256_hex


@dataclass(frozen=True, slots=True)
class SignedFile:
    """A signed paper. `signature`: of a key that signs beside the PDF, else empty."""

    content: bytes
    signature: bytes


class KeyUnusable(Exception):
    """The organisation's key cannot sign now: its files are missing or wrong, or its certificate has ended."""


class SignedPapers:
    """Makes and finds signed papers. Safe to use from several threads."""

    def __init__(
        self, engine: Engine, files: DocumentFiles, trust: Trust, stamping: Stamping, clock: Callable[[], datetime]
    ) -> None:
        self._engine, self._files, self._trust = engine, files, trust
        self._stamping, self._clock = stamping, clock

    def of(self, entry: Paper, granted: Granted, sheet: Sheet) -> SignedFile:
        """The file of an issued paper, made now where there is none.

        Raises `KeyUnusable`, `FontsMissing`, `SigningRefused` (`no_time_stamp`), `DocumentLost` for a file that is gone or changed.
        """
        return self._opened(self.kept(entry, granted, sheet))

    def kept(self, entry: Paper, granted: Granted, sheet: Sheet) -> SignedPaper:
        """The row of that file, which is made now where there is none. Raises as `of`, but for `DocumentLost`."""
        record_id = granted.written.record_id if granted.written else granted.given.decision_id
        with reading(self._engine) as connection:
            known = signed_papers.find(connection, entry.paper_id, record_id)
        return known or self._made(entry, record_id, granted, sheet)

    def sign(self, entry: Paper, granted: Granted, sheet: Sheet) -> SignedFile:
        """A further copy of a paper, signed now and kept by whoever asks. Raises as `kept`."""
        now = self._clock()
        key = self._key(entry.org, sheet.organisation, now)
        pdf, signature, _ = self._signed(draw(entry.kind, sheet), key, granted, sheet, now)
        return SignedFile(pdf, signature)

    def _opened(self, item: SignedPaper) -> SignedFile:
        return SignedFile(self._files.open(item.signed_id, item.stored_sha256, item.sha256), item.signature)

    def _made(self, entry: Paper, record_id: str, granted: Granted, sheet: Sheet) -> SignedPaper:
        now = self._clock()
        key = self._key(entry.org, sheet.organisation, now)
        pdf, signature, stamp = self._signed(draw(entry.kind, sheet), key, granted, sheet, now)
        signed_id = new_id()
        item = SignedPaper(
            signed_id=signed_id,
            org=entry.org,
            paper_id=entry.paper_id,
            record_id=record_id,
            sha256=sha256_hex(pdf),
            stored_sha256=self._files.keep(signed_id, pdf),
            size_bytes=len(pdf),
            form=DETACHED if signature else PADES,
            signature=signature,
            certificate_serial=f"{key.certificate.serial_number:x}",
            certificate_sha256=key.certificate.fingerprint(SHA256()).hex(),
            stamp=stamp,
            made_at=now,
        )
        with writing(self._engine) as connection:
            if signed_papers.add(connection, item):
                return item
            quicker = signed_papers.find(connection, entry.paper_id, record_id)
        self._files.discard(item.stored_sha256)
        assert quicker is not None  # noqa: S101  # rows are never taken away
        return quicker

    def _key(self, org: str, name: str, now: datetime) -> OrganisationKey:
        try:
            return organisation_key(Authority(self._trust.folder, self._clock), org, name, now)
        except (OSError, ValueError) as error:
            raise KeyUnusable(str(error)) from error

    def _signed(
        self, pdf: bytes, key: OrganisationKey, granted: Granted, sheet: Sheet, now: datetime
    ) -> tuple[bytes, bytes, str]:
        """The PDF, the signature beside it, and what became of the time stamp."""
        if isinstance(key.signer, GostKey):
            signature, kept = self._stamping.apply(key.signer.sign_detached(pdf), now)
            return pdf, signature, str(kept["state"])
        # A seventh of what `serve` loads, and needed by the first paper that is signed: it comes with that.
        from central.signature.pdf import sign_pdf

        signer, attached = key.signer, _attachments(granted)
        signed, stamp = self._stamping.sign_pdf(
            lambda stamper: sign_pdf(
                pdf, signer, at=now, name=sheet.organisation, reason=f"{sheet.title} {sheet.number}",
                attachments=attached, stamper=stamper,
            ),
            now,
        )  # fmt: skip
        return signed, b"", stamp


def _attachments(granted: Granted) -> tuple[Attachment, ...]:
    """What the medic signed, and the signature over exactly these bytes."""
    source = granted.written or granted.given
    return (
        Attachment("record.json", source.record, "application/json", "Запись, подписанная медработником"),
        Attachment("record.cms", source.cms, "application/pkcs7-signature", "Подпись медработника (CMS)"),
    )
