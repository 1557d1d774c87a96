"""An authority by ГОСТ Р 34.10-2012 for tests, made with Debian's OpenSSL and its `gost` engine."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

_CONFIG = """\
[ca]
default_ca = own
[own]
database = index.txt
serial = serial
new_certs_dir = .
certificate = root.pem
private_key = root.key
default_md = {digest}
default_crl_days = 30
default_days = 100
policy = any
copy_extensions = none
[any]
commonName = supplied
[medic]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature,nonRepudiation
extendedKeyUsage = emailProtection
[req]
distinguished_name = name
[name]
"""


@dataclass
class GostAuthority:
    """Files in one folder: `root.pem`, `crl.pem`, and of each medic `NAME.pem` and `NAME.key`."""

    folder: Path
    bits: int

    def __post_init__(self) -> None:
        self.folder.mkdir()
        (self.folder / "ca.cnf").write_text(_CONFIG.format(digest=f"md_gost12_{self.bits}"))
        (self.folder / "index.txt").write_text("")
        (self.folder / "serial").write_text("01\n")
        self._run(*self._new_key("root"), "-x509", "-days", "300", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        self.write_list()

    def issue(self, name: str) -> None:
        """A certificate and its key."""
        self._run(*self._new_key(name, "csr"))
        signed = ("-batch", "-notext", "-in", f"{name}.csr", "-out", f"{name}.pem", "-extensions", "medic")
        self._run("ca", "-engine", "gost", "-config", "ca.cnf", *signed)

    def revoke(self, name: str) -> None:
        """Put a certificate on the list."""
        self._run("ca", "-engine", "gost", "-config", "ca.cnf", "-revoke", f"{name}.pem")
        self.write_list()

    def write_list(self) -> None:
        """Write `crl.pem` anew."""
        self._run("ca", "-engine", "gost", "-config", "ca.cnf", "-gencrl", "-out", "crl.pem")

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def _new_key(self, name: str, form: str = "pem") -> tuple[str, ...]:
        key = ("-newkey", f"gost2012_{self.bits}", "-pkeyopt", "paramset:A", "-nodes", "-keyout", f"{name}.key")
        subject = ("-subj", f"/CN={name}", "-config", "ca.cnf", "-out", f"{name}.{form}")
        return ("req", "-engine", "gost", *key, *subject)

    def _run(self, *words: str) -> None:
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)
