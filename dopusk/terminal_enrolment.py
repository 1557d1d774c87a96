"""The terminal's side of enrolment: keys, certificate, broker address and trust anchor in one step; and renewal.

The one-time code never travels: it keys an HMAC over the request and over the answer (`sync.contract.enrolment`).
"""

import base64
import os
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import tomli_w
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID
from pydantic import ValidationError

from config import EXAMPLE_TERMINAL
from sync.contract.enrolment import EnrolAnswer, RenewAnswer, mac_is_right, mac_of, split_code
from terminal.config import TerminalConfig
from terminal.store.folders import sync_folder

EXAMPLE = EXAMPLE_TERMINAL
RENEW_BEFORE = timedelta(days=30)
ANSWER_WITHIN_S = 30.0
CENTRE_FILE = "centre.url"
"""Beside the keys: where the terminal was enrolled, and renews its certificate."""


class EnrolmentFailed(Exception):
    """No enrolment and no renewal: nothing that was there before was replaced. The message says who must act."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What the centre made of us."""

    terminal_id: str
    org: str
    generation: str
    valid_until: datetime
    config_file: Path
    is_new_config: bool


def enrol(folder: Path, code: str, centre_url: str) -> Enrolled:
    """Enrol the terminal whose files live in `folder` (`terminal.toml`, `keys/`). Raises `EnrolmentFailed`.

    Keys that are there already are kept, so a second enrolment goes on with the same diary.
    """
    try:
        code_id, secret = split_code(code)
    except ValueError as error:
        raise EnrolmentFailed(f"{error} (whoever typed it)") from error
    keys = folder / "keys"
    try:
        keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise EnrolmentFailed(f"{keys} cannot be made: {error.strerror} (service engineer)") from error
    signing_key = _signing_key(keys / "signing.key")
    csr = _request(_tls_key(keys / "terminal.key"), "terminal")
    public = signing_key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    fields: dict[str, Any] = {
        "code_id": code_id,
        "csr_pem": csr,
        "public_key": base64.b64encode(public).decode("ascii"),
        "proof": base64.b64encode(signing_key.sign(csr.encode("ascii"))).decode("ascii"),
    }
    told = _post(f"{centre_url.rstrip('/')}/enrol", fields | {"mac": mac_of(fields, secret)})
    if not mac_is_right(told, secret):
        raise EnrolmentFailed("the answer does not come from the centre that gave the code (check the address)")
    try:
        answer = EnrolAnswer.model_validate(told)
        centre_key = Ed25519PublicKey.from_public_bytes(base64.b64decode(answer.centre_key))
    except (ValidationError, ValueError) as error:
        raise EnrolmentFailed("the answer of the centre cannot be read (our developers)") from error
    _check_certificate(answer.certificate_pem, answer.ca_pem, keys / "terminal.key")
    config_file, is_new = _write_config(folder / "terminal.toml", answer)
    pem = centre_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    _replace(keys / "centre.pub", pem)
    _replace(keys / "ca.pem", answer.ca_pem.encode("ascii"))
    _replace(keys / CENTRE_FILE, centre_url.encode("utf-8"))
    _replace(keys / "terminal.pem", answer.certificate_pem.encode("ascii"))
    return Enrolled(answer.terminal_id, answer.org, answer.generation, answer.valid_until, config_file, is_new)


def renew(
    config: TerminalConfig, centre_url: str | None = None, *, before: timedelta = RENEW_BEFORE
) -> datetime | None:
    """Renew the certificate if it ends within `before`; its new end, or None if it was not due. Raises `EnrolmentFailed`.

    Without `centre_url` at the centre where the terminal was enrolled. The key stays the same, so replacing one file is all,
    and a power cut leaves the old pair or the new one.
    """
    for path in (config.files.signing_key, config.broker.key_file, config.broker.ca_file):
        if not path.is_file():
            raise EnrolmentFailed(f"{path} is not there: nothing can be renewed, enrol the terminal (service engineer)")
    centre_url = centre_url or enrolled_at(config)
    current = valid_until(config)
    if current is not None and current - datetime.now(UTC) > before:
        return None
    csr = _request(_tls_key(config.broker.key_file), config.identity.terminal_id)
    signing_key = _signing_key(config.files.signing_key)
    signature = base64.b64encode(signing_key.sign(csr.encode("ascii"))).decode("ascii")
    fields = {"terminal_id": config.identity.terminal_id, "csr_pem": csr, "signature": signature}
    told = _post(f"{centre_url.rstrip('/')}/renew", fields)
    try:
        answer = RenewAnswer.model_validate(told)
    except ValidationError as error:
        raise EnrolmentFailed("the answer of the centre cannot be read (our developers)") from error
    pinned = config.broker.ca_file.read_text(encoding="ascii")
    _check_certificate(answer.certificate_pem, pinned, config.broker.key_file)
    _replace(config.broker.cert_file, answer.certificate_pem.encode("ascii"))
    return answer.valid_until


def enrolled_at(config: TerminalConfig) -> str:
    """The address of the centre where the terminal was enrolled. Raises `EnrolmentFailed` where nobody has noted it."""
    path = config.files.signing_key.parent / CENTRE_FILE
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise EnrolmentFailed(f"{path} does not say where the centre is; give --centre (service engineer)") from error


def valid_until(config: TerminalConfig) -> datetime | None:
    """When the terminal's certificate ends; None when there is none that can be read."""
    try:
        return x509.load_pem_x509_certificate(config.broker.cert_file.read_bytes()).not_valid_after_utc
    except (OSError, ValueError):
        return None


def _post(url: str, fields: dict[str, Any]) -> dict[str, Any]:
    try:
        answer = httpx.post(url, json=fields, timeout=ANSWER_WITHIN_S)
        told = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise EnrolmentFailed(f"the centre cannot be reached at {url}: {error} (service engineer)") from error
    except ValueError as error:
        raise EnrolmentFailed(f"{url} does not answer like a centre (check the address)") from error
    if not isinstance(told, dict):
        raise EnrolmentFailed(f"{url} does not answer like a centre (check the address)")
    if answer.status_code != httpx.codes.OK:
        raise EnrolmentFailed(f"the centre refuses: {told.get('message', answer.status_code)} (whoever gave the code)")
    return told


def _check_certificate(certificate_pem: str, ca_pem: str, key_file: Path) -> None:
    """For our own key, and issued by that authority."""
    try:
        certificate = x509.load_pem_x509_certificate(certificate_pem.encode("ascii"))
        certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(ca_pem.encode("ascii")))
    except (ValueError, TypeError, InvalidSignature) as error:
        raise EnrolmentFailed("the certificate does not lead to the centre's authority") from error
    if certificate.public_key() != _tls_key(key_file).public_key():
        raise EnrolmentFailed("the certificate is for another key than ours")


def _request(key: ec.EllipticCurvePrivateKey, name: str) -> str:
    """A certificate request; the centre puts in the name that the code stands for, whatever is asked for here."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return request.public_bytes(Encoding.PEM).decode("ascii")


def _signing_key(path: Path) -> Ed25519PrivateKey:
    if not path.exists():
        key = Ed25519PrivateKey.generate()
        _replace(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    loaded = _load(path)
    if not isinstance(loaded, Ed25519PrivateKey):
        raise EnrolmentFailed(f"{path}: not an Ed25519 key (service engineer)")
    return loaded


def _tls_key(path: Path) -> ec.EllipticCurvePrivateKey:
    if not path.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        _replace(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    loaded = _load(path)
    if not isinstance(loaded, ec.EllipticCurvePrivateKey):
        raise EnrolmentFailed(f"{path}: not an elliptic-curve key (service engineer)")
    return loaded


def _load(path: Path) -> Any:
    try:
        return load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise EnrolmentFailed(f"{path}: {error} (service engineer)") from error


def _write_config(path: Path, answer: EnrolAnswer) -> tuple[Path, bool]:
    """Write `terminal.toml` from the example, or check that the one that is there is of the same terminal."""
    told: dict[str, dict[str, Any]] = {
        "identity": {"terminal_id": answer.terminal_id, "org": answer.org, "generation": answer.generation},
        "broker": {"host": answer.mqtt_host, "port": answer.mqtt_port},
    }
    if not path.exists():
        fields = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
        for section, values in told.items():
            fields[section] |= values
        fields["files"].pop("snils_key", None)
        _replace(path, tomli_w.dumps(fields).encode("utf-8"))
        return path, True
    try:
        fields = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise EnrolmentFailed(f"{path}: {error} (service engineer)") from error
    wrong = [
        f"{section}.{name} = {value!r}"
        for section, values in told.items()
        for name, value in values.items()
        if fields.get(section, {}).get(name) != value
    ]
    if wrong:
        raise EnrolmentFailed(f"{path} is of another terminal; the code says {', '.join(wrong)} (service engineer)")
    return path, False


def _replace(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, readable by us only."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_folder(path.parent)
