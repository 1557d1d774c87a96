"""A time-stamping authority for tests: `openssl ts` behind a small HTTP server, with keys of its own."""

import contextlib
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_CONFIG = """\
[tsa]
default_tsa = own
[own]
dir = {folder}
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
certs = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.3.6.1.4.1.13762.3
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_alg = {ess}
"""


@dataclass
class TimeStampingAuthority:
    """What the test may turn: `answer` replaces the next answers by these bytes, `status` their HTTP status."""

    folder: Path
    url: str
    asked: int = 0
    status: int = 200
    answer: bytes | None = None

    @property
    def root_file(self) -> Path:
        return self.folder / "root.pem"

    def reply(self, query: bytes) -> bytes:
        """What `openssl ts` answers."""
        (self.folder / "query.tsq").write_bytes(query)
        command = ["openssl", "ts", "-reply", "-config", str(self.folder / "tsa.cnf"), "-section", "own"]
        command += ["-queryfile", str(self.folder / "query.tsq"), "-out", str(self.folder / "reply.tsr")]
        subprocess.run(command, check=True, capture_output=True)
        return (self.folder / "reply.tsr").read_bytes()


@contextlib.contextmanager
def running_tsa(
    folder: Path,
    *,
    usages: tuple[x509.ObjectIdentifier, ...] = (ExtendedKeyUsageOID.TIME_STAMPING,),
    ess: str = "sha256",
) -> Iterator[TimeStampingAuthority]:
    """An authority on a free port."""
    folder.mkdir()
    _write_keys(folder, usages)
    (folder / "serial").write_text("1000\n")
    (folder / "tsa.cnf").write_text(_CONFIG.format(folder=folder, ess=ess))
    made = TimeStampingAuthority(folder, "")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            made.asked += 1
            body = made.reply(query) if made.answer is None else made.answer
            self.send_response(made.status)
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


def _write_keys(folder: Path, usages: tuple[x509.ObjectIdentifier, ...]) -> None:
    root_key = ec.generate_private_key(ec.SECP256R1())
    root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Root of times")])
    key = rsa.generate_private_key(65537, 2048)
    now = datetime.now(UTC)

    def begun(subject: x509.Name) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(root_name)
        builder = builder.serial_number(x509.random_serial_number())
        return builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=300))

    root = begun(root_name).public_key(root_key.public_key())
    root = root.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    own = begun(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Clock of the tests")]))
    own = own.public_key(key.public_key()).add_extension(x509.ExtendedKeyUsage(usages), critical=True)
    for name, builder in (("root", root), ("tsa", own)):
        made = builder.sign(root_key, hashes.SHA256())
        (folder / f"{name}.pem").write_bytes(made.public_bytes(Encoding.PEM))
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "tsa.key").write_bytes(pem)
