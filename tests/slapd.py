"""A directory for tests: a real OpenLDAP server (Debian's slapd) on the loopback, with two people and an entry that may search."""

import base64
import contextlib
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from dopusk.lab.broker import free_port
from tests.waiting import LONGEST_S, until

SUFFIX = "dc=crb,dc=example"
READER, READER_PASSWORD = f"cn=reader,{SUFFIX}", "reads the tree"
NAME, DIRECTORY_PASSWORD = "lugovaya.z", "длинный пароль каталога"
_CONFIG = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
pidfile {folder}/slapd.pid
argsfile {folder}/slapd.args
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
TLSCACertificateFile {folder}/server.pem
allow bind_anon_cred
database mdb
suffix "{suffix}"
directory {folder}/data
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{reader}" read by * auth
"""
_PEOPLE = """\
dn: {suffix}
objectClass: dcObject
objectClass: organization
o: CRB
dc: crb

dn: {reader}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: reader
userPassword: {reader_password}

dn: ou=people,{suffix}
objectClass: organizationalUnit
ou: people

dn: uid={name},ou=people,{suffix}
objectClass: inetOrgPerson
uid: {name}
cn: Zoya
sn: Lugovaya
mail: z@crb.example
userPassword:: {password}

dn: uid=berezhnoy,ou=people,{suffix}
objectClass: inetOrgPerson
uid: berezhnoy
cn: Foma
sn: Berezhnoy
mail: z@crb.example
userPassword: another password of the directory
"""


@dataclass(frozen=True, slots=True)
class RunningDirectory:
    """Where it listens: `port` under TLS from the first byte, `plain_port` in clear until STARTTLS."""

    port: int
    plain_port: int
    ca_file: Path
    reader_password_file: Path


@contextlib.contextmanager
def running_directory(folder: Path) -> Iterator[RunningDirectory]:
    """Start slapd as a process of our own; ends it."""
    server = shutil.which("slapd", path="/usr/sbin:/usr/bin")
    assert server is not None, "the Debian package slapd is missing: ./setup.sh dev"
    (folder / "data").mkdir(parents=True)
    _write_certificate(folder)
    config = folder / "slapd.conf"
    config.write_text(_CONFIG.format(folder=folder, suffix=SUFFIX, reader=READER))
    people = _PEOPLE.format(
        suffix=SUFFIX,
        reader=READER,
        reader_password=READER_PASSWORD,
        name=NAME,
        password=base64.b64encode(DIRECTORY_PASSWORD.encode()).decode(),
    )
    adding = [server, "-T", "add", "-f", str(config)]
    subprocess.run(adding, input=people.encode(), check=True, capture_output=True)
    made = RunningDirectory(free_port(), free_port(), folder / "server.pem", folder / "reader-password")
    made.reader_password_file.write_text(f"{READER_PASSWORD}\n")
    places = f"ldaps://127.0.0.1:{made.port} ldap://127.0.0.1:{made.plain_port}"
    with (folder / "slapd.log").open("wb") as log:
        # With a level of debugging it stays in the foreground.
        process = subprocess.Popen([server, "-h", places, "-f", str(config), "-d", "0"], stdout=log, stderr=log)
        try:
            assert until(lambda: _answers(made.port)), (folder / "slapd.log").read_text()
            yield made
        finally:
            process.terminate()
            process.wait(LONGEST_S)


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _write_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "directory")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "server.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "server.key").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    )
