"""The software key: a private key in PKCS#8, encrypted with the medic's passphrase, opened for one session."""

import contextlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from central.core.passwords import normal_form, typed_forms
from central.signature.cms_message import detached, signed_attributes
from central.signature.provider import SigningRefused

MIN_PASSPHRASE = 8
_FORM = b"dopusk-key-1\n"
_SALT_BYTES, _NONCE_BYTES = 16, 12
_SCRYPT = {"n": 2**15, "r": 8, "p": 3}
"""Cost of one guess, as OWASP's password storage sheet sets it: about 32 MiB and a tenth of a second."""

SigningKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def encrypt_key(key: SigningKey, passphrase: str) -> bytes:
    """PKCS#8 of the key, encrypted. Raises `ValueError` for a passphrase that is too short."""
    plain = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return encrypt_pkcs8(plain, passphrase)


def encrypt_pkcs8(plain: bytes, passphrase: str) -> bytes:
    """A key in any form under scrypt and AES-256-GCM. Raises `ValueError` for a passphrase that is too short."""
    if len(passphrase) < MIN_PASSPHRASE:
        raise ValueError(f"the passphrase needs at least {MIN_PASSPHRASE} characters")
    salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
    return _FORM + salt + nonce + _cipher(normal_form(passphrase), salt).encrypt(nonce, plain, _FORM)


def _cipher(passphrase: str, salt: bytes) -> AESGCM:
    return AESGCM(Scrypt(salt=salt, length=32, **_SCRYPT).derive(passphrase.encode("utf-8")))


def decrypt_pkcs8(encrypted: bytes, passphrase: str) -> bytes:
    """What `encrypt_pkcs8` was given. Raises `SigningRefused`: `wrong_passphrase`, `no_key`."""
    if not encrypted.startswith(_FORM):
        raise SigningRefused("no_key", "the stored key is of a form that is not known here")
    rest = encrypted.removeprefix(_FORM)
    salt, nonce, sealed = (
        rest[:_SALT_BYTES],
        rest[_SALT_BYTES : _SALT_BYTES + _NONCE_BYTES],
        rest[_SALT_BYTES + _NONCE_BYTES :],
    )
    for form in typed_forms(passphrase):
        with contextlib.suppress(InvalidTag):
            return _cipher(form, salt).decrypt(nonce, sealed, _FORM)
    raise SigningRefused("wrong_passphrase", "the passphrase does not open the key")


@dataclass(slots=True)
class SoftwareKey:
    """An opened software key. Implements `SignatureProvider`."""

    certificate: x509.Certificate
    _key: SigningKey | None

    def sign_detached(self, content: bytes) -> bytes:
        """See `SignatureProvider`."""
        if self._key is None:
            raise SigningRefused("locked", "the key was closed")
        attributes = signed_attributes(content, self.certificate, datetime.now(UTC))
        if isinstance(self._key, rsa.RSAPrivateKey):
            value = self._key.sign(attributes.dump(), padding.PKCS1v15(), hashes.SHA256())
            return detached(attributes, self.certificate, "sha256_rsa", value)
        value = self._key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256()))
        return detached(attributes, self.certificate, "sha256_ecdsa", value)

    def close(self) -> None:
        """Forget the key."""
        self._key = None


def open_key(certificate_pem: bytes, encrypted: bytes, passphrase: str) -> SoftwareKey:
    """Open a medic's key. Raises `SigningRefused`: `wrong_passphrase`, `wrong_certificate`, `no_key`."""
    key = serialization.load_der_private_key(decrypt_pkcs8(encrypted, passphrase), None)
    certificate = x509.load_pem_x509_certificate(certificate_pem)
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) or key.public_key() != (
        certificate.public_key()
    ):
        raise SigningRefused("wrong_certificate", "the key does not belong to the certificate in the register")
    return SoftwareKey(certificate, key)
