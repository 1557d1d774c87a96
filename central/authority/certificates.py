"""Certificates of the centre and the broker: how long they are valid, and their renewal in time.

A renewed certificate is for the key that is there, so one file is replaced whole, and whoever has read the old pair goes on with it
until its end.
"""

import logging
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from central.authority.organisation_keys import certificates_of
from central.authority.pki import SERVICES, Authority, services_authority, write_secret
from central.authority.revocation_list import replace
from central.core import metrics
from central.core.config import CentralConfig
from central.core.trust import ROOT_FILE

WARN_BEFORE = timedelta(days=60)
WARN_AUTHORITY_BEFORE = timedelta(days=365)
"""Every terminal has to be enrolled again with a new one."""
LOOK_EVERY_S = 3600.0
_log = logging.getLogger(__name__)
_shown_by_broker: dict[str, datetime] = {}


@dataclass(frozen=True, slots=True)
class CertificateEnd:
    """Until when one of them is valid. `name`: `authority`, `services`, `centre`, `broker`, `organisation` with its name."""

    name: str
    not_after: datetime
    warn_before: timedelta

    def is_due(self, now: datetime) -> bool:
        """Whether somebody should renew it now."""
        return self.not_after - now < self.warn_before


def ends(config: CentralConfig) -> list[CertificateEnd]:
    """Of every certificate that can be read here, and of the one that the broker has shown to this process."""
    folder = config.keys.authority_dir
    files = {
        "authority": (folder / ROOT_FILE, WARN_AUTHORITY_BEFORE),
        "services": (folder / SERVICES / ROOT_FILE, WARN_AUTHORITY_BEFORE),
        "centre": (config.mqtt.cert_file, WARN_BEFORE),
    }
    found = [
        CertificateEnd(name, end, before)
        for name, (path, before) in files.items()
        if (end := _end_of(path)) is not None
    ]
    of_organisations = certificates_of(folder)
    found += [
        CertificateEnd(f"organisation {org}", one.not_valid_after_utc, WARN_BEFORE) for org, one in of_organisations
    ]
    return [*found, *(CertificateEnd("broker", end, WARN_BEFORE) for end in _shown_by_broker.values())]


def note_shown(certificate: dict[str, Any]) -> None:
    """What the broker has shown when we connected, as `ssl` gives it."""
    end = certificate.get("notAfter")
    if isinstance(end, str):
        _shown_by_broker["broker"] = datetime.fromtimestamp(ssl.cert_time_to_seconds(end), UTC)


def watch(config: CentralConfig, now: datetime) -> list[CertificateEnd]:
    """Set the figures, and warn of those that end soon; returns these."""
    due = []
    for item in ends(config):
        metrics.certificate_days_left.labels(item.name).set((item.not_after - now) / timedelta(days=1))
        if item.is_due(now):
            due.append(item)
            _log.warning(
                "the certificate %r ends on %s; then nothing comes in any more: dopusk central certificates",
                *(item.name, item.not_after.date()),
            )
    return due


def renew_centre(config: CentralConfig) -> datetime:
    """A new certificate for the centre's processes, of the authority of services, which is made when there is none.

    Returns its end. Raises `OSError` and `ValueError` where authority or key cannot be read.
    """
    services = services_authority(Authority(config.keys.authority_dir))
    issued = services.issue_client("centre", _public_key(config.mqtt.key_file))
    replace(config.mqtt.cert_file, issued.certificate_pem, 0o644)
    return issued.not_after


def issue_broker(config: CentralConfig, folder: Path, hostnames: Sequence[str]) -> datetime:
    """Everything that the broker reads, in one folder: `server.pem` for these names, `server.key` (made if there is none), and
    `ca.pem`, `crl.pem`, `services-ca.pem`, `services-crl.pem`. Returns the end of the certificate.

    Raises `OSError` and `ValueError` where authority or key cannot be read.
    """
    authority = Authority(config.keys.authority_dir)
    services = services_authority(authority)
    folder.mkdir(parents=True, exist_ok=True)
    key_file = folder / "server.key"
    if key_file.exists():
        issued = authority.issue_server(hostnames, _public_key(key_file))
    else:
        issued = authority.issue_server(hostnames)
        write_secret(key_file, issued.key_pem or b"")
    for prefix, source in (("", authority), ("services-", services)):
        replace(folder / f"{prefix}ca.pem", source.ca_pem, 0o644)
        replace(folder / f"{prefix}crl.pem", source.crl_file.read_bytes(), 0o644)
    replace(folder / "server.pem", issued.certificate_pem, 0o644)
    return issued.not_after


def _public_key(key_file: Path) -> CertificatePublicKeyTypes:
    key = load_pem_private_key(key_file.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{key_file}: not an elliptic-curve key")
    return key.public_key()


def _end_of(path: Path) -> datetime | None:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc
    except (OSError, ValueError):
        return None
