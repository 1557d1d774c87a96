"""The set-up of the program (`signer.toml`): which centre it signs for, and where the key is."""

import tomllib
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from urllib.parse import urlsplit

import tomli_w
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sync.contract.signing_request import public_key_of

PORT = 47100
_MOST_PORT = 65535


class BadSettings(Exception):
    """A set-up that does not work. The message names the field and who mends it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`origin`: the console's address as browsers say it; `centre_key`: the centre's public key. The page of the key shows both."""

    origin: str
    centre_key: str
    library: str
    """Of the token (PKCS#11)."""
    token_label: str
    key_label: str = ""
    """Of the key on the token; that of the token without it."""
    certificate_file: str = ""
    """PEM; without it the certificate is read from the token."""
    port: int = PORT

    @property
    def public_key(self) -> Ed25519PublicKey:
        """The centre's key. Raises `BadSettings`."""
        try:
            return public_key_of(self.centre_key)
        except ValueError as error:
            raise BadSettings("centre_key: copy it whole from the console's page of the key (medic)") from error


def origin_of(address: str) -> str:
    """Scheme, name and port of an address, as browsers say them. Raises `BadSettings`."""
    try:
        found = urlsplit(address.strip())
        port = found.port
    except ValueError as error:
        raise BadSettings("origin: not an address") from error
    usual = {"https": 443, "http": 80}.get(found.scheme)
    if usual is None or not found.hostname:
        raise BadSettings("origin: the console's address, beginning with https:// (medic)")
    host = f"[{found.hostname}]" if ":" in found.hostname else found.hostname
    return f"{found.scheme}://{host}" + ("" if port in {None, usual} else f":{port}")


def load(path: Path) -> Settings:
    """Read `signer.toml`. Raises `BadSettings`."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadSettings(f"{path}: there is no such file; `dopusk signer init` writes it (administrator)") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadSettings(f"{path}: {error}") from error
    known = {field.name for field in fields(Settings)}
    needed = {field.name for field in fields(Settings) if field.default is MISSING}
    for name in sorted(found.keys() - known):
        raise BadSettings(f"{path}: unknown field {name} (administrator)")
    for name in sorted(needed - found.keys()):
        raise BadSettings(
            f"{path}: the field {name} is missing; `dopusk signer init` writes all of them (administrator)"
        )
    return checked(Settings(**found))


def checked(settings: Settings) -> Settings:
    """The same, when each field makes sense. Raises `BadSettings`."""
    for name, value in asdict(settings).items():
        if not isinstance(value, int if name == "port" else str):
            raise BadSettings(f"{name}: of another kind than expected")
    if settings.origin != origin_of(settings.origin):
        raise BadSettings(f"origin: write {origin_of(settings.origin)}")
    if not settings.library or not settings.token_label or not 0 < settings.port <= _MOST_PORT:
        raise BadSettings("library, token_label and a port are needed (administrator)")
    settings.public_key  # noqa: B018  # it raises
    return settings


def save(path: Path, settings: Settings) -> None:
    """Write `signer.toml`, without what is as usual. Raises `BadSettings`, `OSError`."""
    kept = {name: value for name, value in asdict(checked(settings)).items() if value not in {"", PORT}}
    path.write_text(tomli_w.dumps(kept), encoding="utf-8")
