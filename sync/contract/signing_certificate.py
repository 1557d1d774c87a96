"""The rule for a medic's signing certificate, shared by the centre and the terminals. Pure.

The authority that certifies medics also certifies terminals and the centre's own processes, for the wire; those keys sign no
decisions. A signature may name its certificate by hash (signing-certificate-v2, RFC 5035), so that it cannot be held against
another certificate of the same key; one that names another certificate than it carries is no signature of either.
"""

from collections.abc import Iterable
from hashlib import sha256

from asn1crypto import cms, tsp
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

_WIRE = frozenset({ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH})
_ATTRIBUTE = "signing_certificate_v2"


def usage_fault(certificate: x509.Certificate) -> str | None:
    """Why the certificate is not for signing documents; None when it is.

    Raises `ValueError` and its kin for extensions that cannot be read.
    """
    extensions = certificate.extensions
    try:
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
        purposes = frozenset(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        return "it does not say that it is for signing documents"
    if not (usage.digital_signature or usage.content_commitment):
        return "its key is not for signatures"
    if ExtendedKeyUsageOID.EMAIL_PROTECTION not in purposes or purposes & _WIRE:
        return "it is for another purpose than signing documents"
    return None


def certificate_attribute(certificate: x509.Certificate) -> cms.CMSAttribute:
    """The signed attribute that names the signer's certificate (RFC 5035; CAdES-BES needs it)."""
    der = certificate.public_bytes(Encoding.DER)
    named = tsp.ESSCertIDv2({"cert_hash": sha256(der).digest()})
    return cms.CMSAttribute({"type": _ATTRIBUTE, "values": [tsp.SigningCertificateV2({"certs": [named]})]})


def is_named(attributes: Iterable[cms.CMSAttribute], certificate: x509.Certificate) -> bool:
    """Whether the signed attributes name this certificate, or none at all, as signatures of before do.

    Hashes of another kind than SHA-256 are not known here; who checks them is `openssl`, for signatures by ГОСТ.
    """
    named = [value for item in attributes if item["type"].native == _ATTRIBUTE for value in item["values"]]
    if not named:
        return True
    (attribute,) = named
    first = attribute["certs"][0]
    der = certificate.public_bytes(Encoding.DER)
    return bool(
        first["hash_algorithm"]["algorithm"].native == "sha256" and first["cert_hash"].native == sha256(der).digest()
    )
