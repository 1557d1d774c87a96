"""A key that never leaves its token: PKCS#11 signs the digest.

Tested with SoftHSM. A ГОСТ token speaks the same interface with mechanisms of its own maker; its provider goes beside this.
"""

import contextlib
import threading
import weakref
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pkcs11
from asn1crypto import core, x509
from cryptography import x509 as crypto_x509
from cryptography.hazmat.primitives.serialization import Encoding
from pkcs11.exceptions import PinIncorrect, PinLocked, PKCS11Error
from pkcs11.util.ec import encode_ecdsa_signature

from central.signature.cms_message import detached, signed_attributes
from central.signature.provider import SigningRefused

_one_at_a_time = threading.Lock()
"""A library that begins anew closes every key of the process: nobody opens one meanwhile."""


class TokenKey:
    """An opened token. Implements `SignatureProvider`."""

    def __init__(self, session: Any, key: Any, certificate: crypto_x509.Certificate) -> None:
        self._session = session
        self._key = key
        self._certificate = certificate

    @property
    def certificate(self) -> crypto_x509.Certificate:
        """The certificate that belongs to the token's key."""
        return self._certificate

    def sign_detached(self, content: bytes) -> bytes:
        """See `SignatureProvider`."""
        attributes = signed_attributes(content, self._certificate, datetime.now(UTC))
        try:
            # PKCS#11's plain ECDSA signs a digest and answers r and s side by side.
            raw = self._key.sign(sha256(attributes.dump()).digest(), mechanism=pkcs11.Mechanism.ECDSA)
        except PKCS11Error as error:
            self.close()
            raise SigningRefused("token_absent", f"the token did not sign: {type(error).__name__}") from error
        return detached(attributes, self._certificate, "sha256_ecdsa", encode_ecdsa_signature(raw))

    def close(self) -> None:
        """Log out of the token. One that was pulled out has forgotten the login by itself."""
        if self not in _open_keys:
            # The library gives the number of a session that is over to a later one, of somebody else.
            return
        _open_keys.discard(self)
        with contextlib.suppress(PKCS11Error):
            self._session.close()


_open_keys: weakref.WeakSet[TokenKey] = weakref.WeakSet()
"""Keys of this process that can sign, as far as it is known."""


def look_anew(library: str) -> None:
    """Let the library look which tokens are there: it remembers those of its start, and not one that was pulled out and put back.

    All keys that this process has opened by the library are closed by it. Raises `SigningRefused`: `token_absent`.
    """
    try:
        pkcs11.lib(library).reinitialize()
    except PKCS11Error as error:
        raise SigningRefused("token_absent", f"the library did not begin anew: {type(error).__name__}") from error


def open_token(
    library: str, token_label: str, certificate_pem: bytes, pin: str, key_label: str | None = None
) -> TokenKey:
    """Log in to a token and find the key of the certificate by its label (`key_label`; that of the token without it).

    A token that is not found is looked for anew, as long as nobody else of this process has a key open: it may have been pulled out
    and put back. Raises `SigningRefused`: `token_absent`, `wrong_passphrase`, `token_blocked`, `no_key`, `wrong_certificate`.
    """
    certificate = crypto_x509.load_pem_x509_certificate(certificate_pem)
    with _one_at_a_time:
        try:
            made = _open(library, token_label, certificate, pin, key_label or token_label)
        except SigningRefused as refused:
            if refused.code != "token_absent" or len(_open_keys) > 0:
                raise
            look_anew(library)
            made = _open(library, token_label, certificate, pin, key_label or token_label)
        _open_keys.add(made)
    return made


def _open(library: str, token_label: str, certificate: crypto_x509.Certificate, pin: str, key_label: str) -> TokenKey:
    try:
        token = pkcs11.lib(library).get_token(token_label=token_label)
    except PKCS11Error as error:
        raise SigningRefused("token_absent", f"no token {token_label!r}: {type(error).__name__}") from error
    try:
        session = token.open(user_pin=pin)
    except PinIncorrect as error:
        raise SigningRefused("wrong_passphrase", "the PIN does not open the token") from error
    except PinLocked as error:
        raise SigningRefused("token_blocked", "the token has blocked itself after wrong PINs") from error
    except PKCS11Error as error:
        raise SigningRefused("token_absent", f"the token did not open: {type(error).__name__}") from error
    try:
        key = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=key_label)
        public = session.get_key(object_class=pkcs11.ObjectClass.PUBLIC_KEY, label=key_label)
        point = core.OctetString.load(public[pkcs11.Attribute.EC_POINT]).native
    except PKCS11Error as error:
        session.close()
        raise SigningRefused("no_key", f"the token holds no key {key_label!r}") from error
    if not _same_point(certificate, point):
        session.close()
        raise SigningRefused("wrong_certificate", "the token's key does not belong to the certificate in the register")
    return TokenKey(session, key, certificate)


def _same_point(certificate: crypto_x509.Certificate, point: bytes) -> bool:
    own = x509.Certificate.load(certificate.public_bytes(Encoding.DER))
    return bool(own.public_key["public_key"].native == point)


def certificate_on(library: str, token_label: str, key_label: str | None = None) -> bytes:
    """The certificate that lies on the token beside the key, PEM; no PIN is needed. Raises `SigningRefused`: `token_absent`,
    `no_key`."""
    try:
        token = pkcs11.lib(library).get_token(token_label=token_label)
        with token.open() as session:
            wanted = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE}
            found = [
                bytes(item[pkcs11.Attribute.VALUE])
                for item in session.get_objects(wanted | ({pkcs11.Attribute.LABEL: key_label} if key_label else {}))
            ]
    except PKCS11Error as error:
        raise SigningRefused("token_absent", f"no token {token_label!r}: {type(error).__name__}") from error
    if len(found) != 1:
        raise SigningRefused(
            "no_key", f"{len(found)} certificates on the token: name one by key_label or certificate_file"
        )
    return crypto_x509.load_der_x509_certificate(found[0]).public_bytes(Encoding.PEM)
