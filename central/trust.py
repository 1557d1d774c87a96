"""The centre's trust anchor: root certificate and revocation list of its authority, read again when the files change."""

import threading
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

ROOT_FILE = "ca.pem"
REVOCATION_FILE = "crl.pem"


@dataclass(frozen=True, slots=True)
class Anchors:
    """What signatures are checked against. `revocation_lists` is empty when the list is missing: then nothing verifies."""

    roots: tuple[x509.Certificate, ...]
    revocation_lists: tuple[x509.CertificateRevocationList, ...]
    root_pem: bytes


class Trust:
    """Reads the authority's public files. Safe to use from several threads."""

    def __init__(self, authority_dir: Path) -> None:
        self._folder = authority_dir
        self._lock = threading.Lock()
        self._stamp: tuple[int, ...] | None = None
        self._anchors: Anchors | None = None

    def anchors(self) -> Anchors:
        """The present anchors. Raises `OSError` when the root is missing and `ValueError` when a file is damaged."""
        with self._lock:
            stamp = tuple(_modified_ns(self._folder / name) for name in (ROOT_FILE, REVOCATION_FILE))
            if self._anchors is None or stamp != self._stamp:
                self._anchors = self._read()
                self._stamp = stamp
            return self._anchors

    def _read(self) -> Anchors:
        root_pem = (self._folder / ROOT_FILE).read_bytes()
        listed = self._folder / REVOCATION_FILE
        lists = (x509.load_pem_x509_crl(listed.read_bytes()),) if listed.exists() else ()
        return Anchors(tuple(x509.load_pem_x509_certificates(root_pem)), lists, root_pem)


def _modified_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
