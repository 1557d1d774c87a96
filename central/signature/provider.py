"""The interface of every holder of a medic's key: make one detached CMS signature over exact bytes.

A provider never sees a medic's decision as anything but bytes, and never signs on its own account: each call is one act
of the medic in the console.
"""

from typing import Protocol

from cryptography import x509


class SigningRefused(Exception):
    """The key cannot be used. `code`: `wrong_passphrase`, `locked`, `no_key`, `token_absent`, `wrong_certificate`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class SignatureProvider(Protocol):
    """One medic's key, opened."""

    @property
    def certificate(self) -> x509.Certificate:
        """The certificate that goes into the signature."""
        ...

    def sign_detached(self, content: bytes) -> bytes:
        """CMS SignedData (RFC 5652), DER, detached, SHA-256, over `content`. Raises `SigningRefused`."""
        ...

    def close(self) -> None:
        """Forget the key."""
        ...
