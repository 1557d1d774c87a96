"""The centre's trust anchor: root certificate and revocation list of its authority, read again when the files change."""

import threading
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

ROOT_FILE = "ca.pem"
REVOCATION_FILE = "crl.pem"
MEDIC_ROOTS_FILE = "medic-roots.pem"
MEDIC_REVOCATION_FILE = "medic-crl.pem"
"""Roots, and revocation lists, of other authorities that certify medics. Optional; the broker never sees them."""

_FILES = (ROOT_FILE, REVOCATION_FILE, MEDIC_ROOTS_FILE, MEDIC_REVOCATION_FILE)


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

    @property
    def folder(self) -> Path:
        """The authority's folder."""
        return self._folder

    def anchors(self) -> Anchors:
        """The present anchors. Raises `OSError` when the root is missing and `ValueError` when a file is damaged."""
        with self._lock:
            stamp = tuple(_modified_ns(self._folder / name) for name in _FILES)
            if self._anchors is None or stamp != self._stamp:
                self._anchors = self._read()
                self._stamp = stamp
            return self._anchors

    def _read(self) -> Anchors:
        root_pem = (self._folder / ROOT_FILE).read_bytes()
        further = self._folder / MEDIC_ROOTS_FILE
        if further.exists():
            root_pem = root_pem.rstrip() + b"\n" + further.read_bytes()
        lists = [
            x509.load_pem_x509_crl(pem)
            for name in (REVOCATION_FILE, MEDIC_REVOCATION_FILE)
            if (self._folder / name).exists()
            for pem in _each_list((self._folder / name).read_bytes())
        ]
        return Anchors(tuple(x509.load_pem_x509_certificates(root_pem)), tuple(lists), root_pem)


def _each_list(pem: bytes) -> list[bytes]:
    """The lists of one file, each by itself."""
    end = b"-----END X509 CRL-----"
    return [part.lstrip() + end for part in pem.split(end)[:-1]]


def _modified_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
