"""Operations that every form of a register has, and their context."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from cryptography import x509
from sqlalchemy import Connection

from central.core.input_fault import InputFault
from central.core.rights import Right
from central.people.registry import Registry
from central.registers.form import Faults, Field
from central.signature.software import SigningKey
from central.store.register_changes import Author


@dataclass(frozen=True, slots=True)
class KeyDraft:
    """How a medic's key is to be made: a passphrase for one of our own, or a token's certificate (PEM) and label."""

    passphrase: str = field(default="", repr=False)
    passphrase_again: str = field(default="", repr=False)
    token_label: str = ""
    certificate_pem: bytes = b""
    made: "MadeKey | None" = field(default=None, repr=False)
    """A key of our own that was made and sealed before the transaction."""


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A software key with its certificate, for this medic."""

    medic_id: str
    key: SigningKey
    certificate: x509.Certificate
    encrypted: bytes


@dataclass(frozen=True, slots=True)
class RegisterChange:
    """One change: in whose name, in which organisation, with what."""

    connection: Connection
    registry: Registry
    org: str
    author: Author


@dataclass(frozen=True, slots=True)
class FormInput:
    """What was sent with a form. `another` says that somebody alike is another person."""

    fields: Mapping[str, str]
    another: bool = False
    key: KeyDraft = KeyDraft()


Saved = str | Faults
"""The id of the entry, or what is wrong; nothing was stored then."""
Options = dict[str, list[tuple[str, str]]]
"""For each reference: id and name of what may be chosen."""


class RegisterForm(Protocol):
    """One register."""

    kind: ClassVar[str]
    right: ClassVar[Right]
    fields: ClassVar[tuple[Field, ...]]
    archivable: ClassVar[bool]

    def read(self, connection: Connection, entry_id: str) -> Mapping[str, Any] | None:
        """The stored row with `org`, `name_shown` and `archived`; None where there is none."""

    def options(self, connection: Connection, org: str) -> Options:
        """What references offer."""

    def save(self, change: RegisterChange, entry_id: str | None, typed: FormInput) -> Saved:
        """Check and store a new entry (None) or a change, in the caller's transaction."""

    def archive(self, change: RegisterChange, entry_id: str, *, archived: bool) -> InputFault | None:
        """Put away, or take back. Nothing is ever deleted."""
