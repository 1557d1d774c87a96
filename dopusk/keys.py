"""The terminal's two keys of Ed25519, read from their files."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from drivers.config import ConfigError


def signing_key_of(path: Path) -> Ed25519PrivateKey:
    """The terminal's signing key. Raises `ConfigError`."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(str(path), [f"the terminal's signing key cannot be read: {error}"]) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(str(path), ["the terminal's signing key must be an Ed25519 key"])
    return key


def centre_key_of(path: Path) -> Ed25519PublicKey:
    """The centre's public key. Raises `ConfigError`."""
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigError(str(path), [f"the centre's public key cannot be read: {error}"]) from error
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigError(str(path), ["the centre's public key must be an Ed25519 key"])
    return key
