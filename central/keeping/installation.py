"""Making a new centre in a folder: authority, keys, certificates, store and `central.toml`. Nothing existing is replaced."""

import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from central.authority.pki import Authority, create_authority, services_authority, write_secret
from central.core.account_config import AccountsConfig
from central.core.clock import now_utc
from central.core.config import CentralConfig, Generation, load_config
from central.core.rights import Role

_SECRET_BYTES = 32
_TEMPLATE = """\
# The central module. Relative paths are relative to the folder of this file.
store_url = {store_url}
media_dir = "media"
generation = {generation}

[mqtt]
host = {mqtt_host}
port = {mqtt_port}
ca_file = "authority/ca.pem"
cert_file = "centre.pem"
key_file = "centre.key"
# Known to the centre alone.
share_group = {share_group}

[http]
host = {http_host}
port = {http_port}
public_url = {public_url}

[keys]
centre_signing_key_file = "signing.key"
authority_dir = "authority"
session_secret_file = "session.secret"
snils_key_file = "snils.secret"

[accounts]
# Roles whose accounts must have a second factor. A demonstration and tests are tried without.
second_factor_roles = {second_factor_roles}
"""
_RATES_OF_TESTS = """
[rates]
# Tests and benchmarks knock from one address as fast as they can.
sign_in_per_minute = 100000
check_per_minute = 100000
api_per_minute = 1000000
api_failures_per_minute = 100000
"""
_REGISTERS_OF_TESTS = """
[registers]
# Invented entries stand in no federal register: nobody could look them up again.
frmr_valid_days = 3650
"""
_PERSONAL_OF_DEMOS = """
[personal]
# Phones of a demonstration are browsers of this machine.
kiosk_links = true
"""
_OUTGOING_OF_TESTS = """
[outgoing]
# Webhooks of a demonstration and of tests stand on this machine.
allowed_networks = ["127.0.0.0/8", "::1/128"]
plain_http = true
"""


@dataclass(frozen=True, slots=True)
class Choices:
    """What an installation can choose."""

    generation: Generation
    mqtt_port: int
    http_port: int
    mqtt_host: str = "127.0.0.1"
    http_host: str = "127.0.0.1"
    public_url: str | None = None
    store_url: str = "sqlite:///central.db"
    second_factor_roles: frozenset[Role] | None = None
    """None: as `AccountsConfig` has it where records are real, nobody in a demonstration or a test."""


def create_secrets(folder: Path, clock: Callable[[], datetime] = now_utc) -> Authority:
    """The authority and all keys of a new centre. Raises `FileExistsError` rather than replace a key.

    `clock` says from when the authority's certificates are valid.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    authority = create_authority(folder / "authority", clock=clock)
    issued = services_authority(authority).issue_client("centre")
    (folder / "centre.pem").write_bytes(issued.certificate_pem)
    write_secret(folder / "centre.key", issued.key_pem or b"")
    signing_key = Ed25519PrivateKey.generate()
    pem = signing_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_secret(folder / "signing.key", pem)
    write_secret(folder / "session.secret", os.urandom(_SECRET_BYTES))
    write_secret(folder / "snils.secret", os.urandom(_SECRET_BYTES))
    return authority


def write_config(folder: Path, choices: Choices) -> CentralConfig:
    """Write `central.toml` beside the secrets and read it back. Raises `FileExistsError` and `ConfigError`."""
    values = {
        "store_url": choices.store_url,
        "generation": choices.generation,
        "mqtt_host": choices.mqtt_host,
        "mqtt_port": choices.mqtt_port,
        "share_group": f"centre-{secrets.token_hex(16)}",
        "http_host": choices.http_host,
        "http_port": choices.http_port,
        "second_factor_roles": sorted(_second_factor_roles(choices)),
        "public_url": choices.public_url or f"http://{choices.http_host}:{choices.http_port}",
    }
    # A JSON string or list of them is a TOML one.
    text = _TEMPLATE.format(**{name: json.dumps(value, ensure_ascii=False) for name, value in values.items()})
    if choices.generation == "test":
        text += _RATES_OF_TESTS
    if choices.generation == "demo":
        text += _PERSONAL_OF_DEMOS
    if choices.generation != "real":
        text += _OUTGOING_OF_TESTS + _REGISTERS_OF_TESTS
    path = folder / "central.toml"
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
    return load_config(path)


def _second_factor_roles(choices: Choices) -> frozenset[Role]:
    if choices.second_factor_roles is not None:
        return choices.second_factor_roles
    return AccountsConfig().second_factor_roles if choices.generation == "real" else frozenset()
