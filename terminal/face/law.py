"""Whether this terminal may compare faces: only with a configured legal basis, and only with the worker's consent.

Sources: 152-FZ art. 11 (biometric personal data: written consent), 572-FZ (processing outside the unified system only on
its exceptions). Which basis holds is for the medical organisation's lawyer; the software only refuses to work without one.
Without it nothing biometric is computed or stored: the medic compares photo and live picture by eye.
"""

from collections.abc import Callable
from dataclasses import dataclass


class BiometricsOff(Exception):
    """Nothing may be computed: `code` is `no_legal_basis` or `no_consent`. The exam goes on by the medic's eye."""

    def __init__(self, code: str) -> None:
        super().__init__(f"faces may not be compared: {code}")
        self.code = code


@dataclass(frozen=True, slots=True)
class FaceLaw:
    """`legal_basis` is the text from the configuration, empty by default; `has_consent` looks into the roster."""

    legal_basis: str
    has_consent: Callable[[str], bool]
    person_of: Callable[[str], str] = lambda worker_id: worker_id
    """Names the person of an employment; without a roster every employment is a person of its own."""

    def require(self, worker_id: str) -> None:
        """Raises `BiometricsOff` unless both conditions are met."""
        self.require_basis()
        if not self.has_consent(worker_id):
            raise BiometricsOff("no_consent")

    def require_basis(self) -> None:
        """For a search, which concerns whoever is enrolled. Raises `BiometricsOff` (`no_legal_basis`)."""
        if not self.legal_basis.strip():
            raise BiometricsOff("no_legal_basis")

    def permits(self, worker_id: str) -> bool:
        return bool(self.legal_basis.strip()) and self.has_consent(worker_id)
