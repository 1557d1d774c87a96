"""The medics of a population: entry in the register, account, key."""

from collections.abc import Mapping
from dataclasses import dataclass

from cryptography import x509

from central.store.medics import MedicEntry
from dopusk.lab.population.signing import QuickSigner


@dataclass(frozen=True, slots=True)
class Desk:
    """One medic. Says which certificate signs, as a `SignatureProvider` does."""

    username: str
    account_id: str
    entry: MedicEntry
    organisation: Mapping[str, str]
    """What stands of it in a signed record: `org`, `name`, `licence`."""
    signer: QuickSigner

    @property
    def certificate(self) -> x509.Certificate:
        """The certificate of the signer."""
        return self.signer.certificate

    def sign_detached(self, content: bytes) -> bytes:
        """Not without a time: see `QuickSigner.sign`."""
        raise NotImplementedError

    def close(self) -> None:
        """Nothing is held open."""
