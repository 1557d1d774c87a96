"""A key that signs PDFs, apart from what does so: whoever only looks at certificates need not load that."""

from dataclasses import dataclass

from cryptography import x509

from central.signature.software import SigningKey


@dataclass(frozen=True, slots=True)
class PdfKey:
    """An opened key that signs PDFs, with its certificate and those that lead up to a root."""

    certificate: x509.Certificate
    key: SigningKey
    issuers: tuple[x509.Certificate, ...] = ()
