"""Builds a detached CMS signature around a value that a key has made (RFC 5652, 5; CAdES-BES, RFC 5126). Pure."""

from datetime import datetime
from hashlib import sha256

from asn1crypto import algos, cms, core, x509
from cryptography import x509 as crypto_x509
from cryptography.hazmat.primitives.serialization import Encoding

from sync.contract.signing_certificate import certificate_attribute


def signed_attributes(content: bytes, certificate: crypto_x509.Certificate, at: datetime) -> cms.CMSAttributes:
    """What is signed: the digest of the content, the time by the signer's clock, and which certificate is meant."""
    return cms.CMSAttributes(
        [
            cms.CMSAttribute({"type": "content_type", "values": ["data"]}),
            cms.CMSAttribute({"type": "signing_time", "values": [cms.Time({"utc_time": at})]}),
            cms.CMSAttribute({"type": "message_digest", "values": [sha256(content).digest()]}),
            certificate_attribute(certificate),
        ]
    )


def detached(
    attributes: cms.CMSAttributes, certificate: crypto_x509.Certificate, algorithm: str, value: bytes
) -> bytes:
    """The signature, DER. `value` is over `attributes.dump()`; `algorithm` is `sha256_ecdsa` or `sha256_rsa`."""
    own = x509.Certificate.load(certificate.public_bytes(Encoding.DER))
    named = cms.IssuerAndSerialNumber({"issuer": own.issuer, "serial_number": own.serial_number})
    signer = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier({"issuer_and_serial_number": named}),
            "digest_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
            "signed_attrs": attributes,
            "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": algorithm}),
            "signature": core.OctetString(value),
        }
    )
    signed = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [algos.DigestAlgorithm({"algorithm": "sha256"})],
            "encap_content_info": {"content_type": "data"},
            "certificates": [own],
            "signer_infos": [signer],
        }
    )
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump())
