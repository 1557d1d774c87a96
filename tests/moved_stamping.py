"""A time-stamping authority whose clock a test moves: a certificate of 400 days at a time, under one root of twenty years."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from asn1crypto import algos, cms, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sync.contract.signing_certificate import certificate_attribute

LASTS = timedelta(days=400)
_LEFT = timedelta(days=200)


def _name(words: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, words)])


@dataclass
class MovedAuthority:
    """`now` is its clock."""

    folder: Path
    now: Callable[[], datetime]
    url: str = ""
    serial: int = 0
    root_key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    certificate: x509.Certificate | None = None

    def __post_init__(self) -> None:
        self.folder.mkdir()
        builder = self._begun("Root of moved times", self.root_key, timedelta(days=7300))
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        root = builder.sign(self.root_key, hashes.SHA256())
        self.root_file.write_bytes(root.public_bytes(Encoding.PEM))

    @property
    def root_file(self) -> Path:
        return self.folder / "root.pem"

    def _begun(self, name: str, key: ec.EllipticCurvePrivateKey, lasts: timedelta) -> x509.CertificateBuilder:
        begin = self.now() - timedelta(days=1)
        builder = x509.CertificateBuilder().subject_name(_name(name)).issuer_name(_name("Root of moved times"))
        builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
        return builder.not_valid_before(begin).not_valid_after(begin + lasts)

    def _own(self) -> x509.Certificate:
        if self.certificate is None or self.certificate.not_valid_after_utc - self.now() < _LEFT:
            usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
            builder = self._begun("Moved clock", self.key, LASTS).add_extension(usage, critical=True)
            self.certificate = builder.sign(self.root_key, hashes.SHA256())
        return self.certificate

    def reply(self, query: bytes) -> bytes:
        asked, own = tsp.TimeStampReq.load(query), self._own()
        self.serial += 1
        said = tsp.TSTInfo(
            {
                "version": "v1",
                "policy": "1.3.6.1.4.1.13762.3",
                "message_imprint": asked["message_imprint"],
                "serial_number": self.serial,
                "gen_time": self.now().replace(microsecond=0),
                "nonce": asked["nonce"],
            }
        ).dump()
        attributes = cms.CMSAttributes(
            [
                cms.CMSAttribute({"type": "content_type", "values": ["tst_info"]}),
                cms.CMSAttribute({"type": "message_digest", "values": [sha256(said).digest()]}),
                certificate_attribute(own),
            ]
        )
        read = asn1_x509.Certificate.load(own.public_bytes(Encoding.DER))
        named = cms.IssuerAndSerialNumber({"issuer": read.issuer, "serial_number": read.serial_number})
        signer = cms.SignerInfo(
            {
                "version": "v1",
                "sid": cms.SignerIdentifier({"issuer_and_serial_number": named}),
                "digest_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
                "signed_attrs": attributes,
                "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}),
                "signature": self.key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256())),
            }
        )
        signed = cms.SignedData(
            {
                "version": "v3",
                "digest_algorithms": [algos.DigestAlgorithm({"algorithm": "sha256"})],
                "encap_content_info": {"content_type": "tst_info", "content": cms.ParsableOctetString(said)},
                "certificates": [read],
                "signer_infos": [signer],
            }
        )
        token = cms.ContentInfo({"content_type": "signed_data", "content": signed})
        return bytes(tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": token}).dump())


@contextlib.contextmanager
def moved_tsa(folder: Path, now: Callable[[], datetime]) -> Iterator[MovedAuthority]:
    """It, on a free port."""
    made = MovedAuthority(folder, now)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = made.reply(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_address[1]}/tsp"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
