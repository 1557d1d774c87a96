"""Fixtures of the terminal's tests."""

from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509 import load_pem_x509_certificate

from central.authority.pki import create_authority
from tests.unit.terminal.kiosk import Kiosk, MakeKiosk, running_kiosk


@pytest.fixture
def make_kiosk(tmp_path: Path) -> MakeKiosk:
    """A terminal in a folder that stays the same: made again, it is started again after a power cut."""
    authority = create_authority(tmp_path / "authority")
    anchor = load_pem_x509_certificate(authority.ca_pem)
    keys = {"centre_key": Ed25519PrivateKey.generate(), "signing_key": Ed25519PrivateKey.generate()}

    def make(**options: object) -> AbstractContextManager[Kiosk]:
        return running_kiosk(tmp_path / "terminal", anchor, **{**keys, **options})  # type: ignore[arg-type]

    return make
