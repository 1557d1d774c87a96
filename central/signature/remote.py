"""A key that the centre cannot reach: it lies at the medic's workplace, and her browser carries requests and signatures."""

from cryptography import x509

from central.signature.provider import SigningRefused

WORKPLACE, PLUGIN = "workplace", "plugin"
"""Holders of such keys in the register: our program `dopusk signer`, or a plug-in of the browser."""
REMOTE = (WORKPLACE, PLUGIN)


class RemoteKey:
    """Such a key, proved to be there in this session. Implements `SignatureProvider` as far as one without the key can."""

    def __init__(self, certificate: x509.Certificate, holder: str) -> None:
        self.certificate = certificate
        self.holder = holder

    def sign_detached(self, content: bytes) -> bytes:
        """Raises `SigningRefused` (`at_workplace`): the browser has to carry the request there."""
        del content
        raise SigningRefused("at_workplace", "the key lies at the medic's workplace")

    def close(self) -> None:
        """There is nothing to forget here."""
