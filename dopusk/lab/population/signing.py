"""Keys of invented terminals and medics, and a medic's signature made fast enough for a million decisions.

The keys follow from the centre's own signing key and the population's name, so that a population that was broken off goes on with
the keys that its terminals and medics are registered with. Each signature is a true one of its own over its own record: the form
of a CMS message is made once for each medic by `central.signature`, and time, digest and value are put into it.
"""

from datetime import datetime
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from central.signature.cms_message import detached, signed_attributes

_CURVE = ec.SECP256R1()
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the group of P-256 (SEC 2): private keys lie below it."""
_TIME = "%y%m%d%H%M%SZ"
_SET, _IMPLICIT = b"\x31", b"\xa0"
"""Tag under which the attributes are signed, and under which they stand in the message (RFC 5652, 5.4)."""


class Keyring:
    """The secrets of one population. `name`: of the population."""

    def __init__(self, centre_key: Ed25519PrivateKey, name: str) -> None:
        self._secret = centre_key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        self._name = name

    def terminal(self, terminal_id: str) -> Ed25519PrivateKey:
        """The key that a terminal signs with."""
        return Ed25519PrivateKey.from_private_bytes(self._derive(f"terminal {terminal_id}", 32))

    def medic(self, username: str) -> ec.EllipticCurvePrivateKey:
        """The key that a medic signs with."""
        number = int.from_bytes(self._derive(f"medic {username}", 48))
        return ec.derive_private_key(number % (_ORDER - 1) + 1, _CURVE)

    def words(self, what: str) -> str:
        """A password of four groups, the same whenever it is asked for."""
        text = self._derive(what, 10).hex()
        return "-".join(text[start : start + 5] for start in range(0, 20, 5))

    def _derive(self, what: str, length: int) -> bytes:
        info = f"dopusk population {self._name} {what}".encode()
        return HKDF(hashes.SHA256(), length, salt=None, info=info).derive(self._secret)


class QuickSigner:
    """One medic's key. `sign` gives what `central.signature.software.SoftwareKey.sign_detached` would, dated as it is told."""

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self.certificate = certificate
        self._key = key
        at = certificate.not_valid_before_utc
        self._attributes = signed_attributes(b"", certificate, at)
        self._digest, self._time = sha256(b"").digest(), at.strftime(_TIME).encode()
        self._signed = bytes(self._attributes.dump())
        self._places = self._signed.index(self._digest), self._signed.index(self._time)
        self._forms: dict[int, tuple[bytes, bytes]] = {}

    def sign(self, content: bytes, at: datetime) -> bytes:
        """A detached CMS signature, DER."""
        signed = bytearray(self._signed)
        for place, value in zip(self._places, (sha256(content).digest(), at.strftime(_TIME).encode()), strict=True):
            signed[place : place + len(value)] = value
        value = self._key.sign(bytes(signed), ec.ECDSA(hashes.SHA256()))
        before, between = self._form(len(value))
        return before + _IMPLICIT + bytes(signed[1:]) + between + value

    def _form(self, length: int) -> tuple[bytes, bytes]:
        """What stands before the attributes, and between them and the value, for a value of this length."""
        form = self._forms.get(length)
        if form is None:
            whole = detached(self._attributes, self.certificate, "sha256_ecdsa", bytes(length))
            before, after = whole.split(_IMPLICIT + self._signed.removeprefix(_SET))
            form = self._forms[length] = before, after[: len(after) - length]
        return form
