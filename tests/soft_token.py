"""A software token (SoftHSM2) for programs that run as processes: the library reads its configuration once in a process."""

import base64
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

LIBRARY = "/usr/lib/softhsm/libsofthsm2.so"
_GENERATE = """
import base64, json, sys
import pkcs11
from asn1crypto import core
from pkcs11.util.ec import encode_named_curve_parameters
library, label, pin = sys.argv[1:4]
with pkcs11.lib(library).get_token(token_label=label).open(user_pin=pin, rw=True) as session:
    curve = {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}
    parameters = session.create_domain_parameters(pkcs11.KeyType.EC, curve, local=True)
    public, _ = parameters.generate_keypair(store=True, label=label)
    point = core.OctetString.load(public[pkcs11.Attribute.EC_POINT]).native
    print(json.dumps(base64.b64encode(point).decode()))
"""
_STORE = """
import base64, sys
import pkcs11
from pkcs11.util.x509 import decode_x509_certificate
library, label, pin, given = sys.argv[1:5]
with pkcs11.lib(library).get_token(token_label=label).open(user_pin=pin, rw=True) as session:
    values = decode_x509_certificate(base64.b64decode(given))
    session.create_object(values | {pkcs11.Attribute.TOKEN: True, pkcs11.Attribute.LABEL: label})
"""


@dataclass(frozen=True, slots=True)
class SoftToken:
    """A token in a folder; whoever has `environment` has it put in."""

    folder: Path
    label: str
    pin: str
    public_key: ec.EllipticCurvePublicKey

    @property
    def environment(self) -> dict[str, str]:
        return dict(os.environ) | {"SOFTHSM2_CONF": str(self.folder / "softhsm2.conf")}

    def store(self, certificate_der: bytes) -> None:
        """Put the certificate beside the key."""
        _python(self.environment, _STORE, self.label, self.pin, base64.b64encode(certificate_der).decode())

    def pull_out(self) -> None:
        """As if nobody had ever put it in."""
        (self.folder / "tokens").rename(self.folder / "pulled-out")
        (self.folder / "tokens").mkdir()

    def put_in(self) -> None:
        """Put it back."""
        (self.folder / "tokens").rmdir()
        (self.folder / "pulled-out").rename(self.folder / "tokens")


def make_token(folder: Path, label: str, pin: str) -> SoftToken:
    """A fresh token with a key of P-256."""
    (folder / "tokens").mkdir(parents=True)
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    environment = dict(os.environ) | {"SOFTHSM2_CONF": str(folder / "softhsm2.conf")}
    command = ["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", pin, "--so-pin", pin]
    subprocess.run(command, check=True, capture_output=True, env=environment)
    point = base64.b64decode(json.loads(_python(environment, _GENERATE, label, pin)))
    return SoftToken(folder, label, pin, ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point))


def _python(environment: dict[str, str], script: str, *arguments: str) -> str:
    command = [sys.executable, "-c", script, LIBRARY, *arguments]
    made = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    return made.stdout
