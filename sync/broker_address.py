"""The broker's address, and the files that authenticate the terminal to it."""

import ssl
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509


class LinkFilesError(Exception):
    """Certificate, key or trust anchor cannot be used. The service engineer must act."""


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where the broker is and how to prove who we are. The files are read anew at each question: they get renewed."""

    host: str
    port: int
    ca_file: Path
    cert_file: Path
    key_file: Path
    keepalive_s: int = 15
    session_expiry_s: int = 7 * 24 * 3600

    def tls(self) -> ssl.SSLContext:
        """TLS with the pinned authority and our certificate. Raises `LinkFilesError`."""
        try:
            context = ssl.create_default_context(cafile=str(self.ca_file))
            context.load_cert_chain(str(self.cert_file), str(self.key_file))
        except (OSError, ValueError) as error:
            files = f"{self.ca_file}, {self.cert_file}, {self.key_file}"
            raise LinkFilesError(
                f"certificate and key cannot be used ({files}): {error}; enrol the terminal"
            ) from error
        return context

    def valid_until(self) -> datetime | None:
        """When our certificate ends; None where the file holds none."""
        try:
            return x509.load_pem_x509_certificate(self.cert_file.read_bytes()).not_valid_after_utc
        except (OSError, ValueError):
            return None

    def fingerprint(self) -> tuple[int, int] | None:
        """What changes when the certificate is replaced; None while there is none."""
        try:
            status = self.cert_file.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ino
