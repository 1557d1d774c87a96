"""The software key: a private key in PKCS#8, encrypted with the medic's passphrase, opened for one session."""

from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs7

from central.signature.provider import SigningRefused

MIN_PASSPHRASE = 8
_KDF_ROUNDS = 200_000

SigningKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def encrypt_key(key: SigningKey, passphrase: str) -> bytes:
    """PEM of the key, encrypted (PBKDF2, AES-256). Raises `ValueError` for a passphrase that is too short."""
    if len(passphrase) < MIN_PASSPHRASE:
        raise ValueError(f"the passphrase needs at least {MIN_PASSPHRASE} characters")
    encryption = (
        serialization.PrivateFormat.PKCS8.encryption_builder().kdf_rounds(_KDF_ROUNDS).build(passphrase.encode("utf-8"))
    )
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


@dataclass(slots=True)
class SoftwareKey:
    """An opened software key. Implements `SignatureProvider`."""

    certificate: x509.Certificate
    _key: SigningKey | None

    def sign_detached(self, content: bytes) -> bytes:
        """See `SignatureProvider`."""
        if self._key is None:
            raise SigningRefused("locked", "the key was closed")
        builder = pkcs7.PKCS7SignatureBuilder().set_data(content)
        builder = builder.add_signer(self.certificate, self._key, hashes.SHA256())
        options = [pkcs7.PKCS7Options.Binary, pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.NoCapabilities]
        return builder.sign(serialization.Encoding.DER, options)

    def close(self) -> None:
        """Forget the key."""
        self._key = None


def open_key(certificate_pem: bytes, encrypted_pem: bytes, passphrase: str) -> SoftwareKey:
    """Open a medic's key. Raises `SigningRefused`: `wrong_passphrase`, `wrong_certificate`."""
    try:
        key = serialization.load_pem_private_key(encrypted_pem, passphrase.encode("utf-8"))
    except (ValueError, TypeError) as error:
        raise SigningRefused("wrong_passphrase", "the passphrase does not open the key") from error
    certificate = x509.load_pem_x509_certificate(certificate_pem)
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) or key.public_key() != (
        certificate.public_key()
    ):
        raise SigningRefused("wrong_certificate", "the key does not belong to the certificate in the register")
    return SoftwareKey(certificate, key)
