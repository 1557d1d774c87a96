"""The register of medics: everything that signing checks, and the key with its certificate."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, ClassVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from sqlalchemy import Connection

from central.authority.pki import Authority
from central.core.days import day_of
from central.core.input_fault import InputFault
from central.core.mail_address import EMAIL
from central.core.name_folding import fold_name
from central.core.rights import Right
from central.core.snils import parse_snils
from central.deciding.medics import MedicPerson, Qualification, add_medic, replace_key, seal_key
from central.registers.form import Faults, Field, parse
from central.registers.keeping import FormInput, KeyDraft, MadeKey, Options, RegisterChange, Saved
from central.signature.provider import SigningRefused
from central.signature.software import MIN_PASSPHRASE, SigningKey
from central.store import certificates, register_changes, registry
from central.store import medics as store
from sync.contract.canonical import new_id

MAX_CERTIFICATE_BYTES = 64 * 1024


class MedicForm:
    """One medic."""

    kind: ClassVar[str] = "medics"
    right: ClassVar[Right] = Right.CHANGE_MEDICS
    archivable: ClassVar[bool] = True
    fields: ClassVar[tuple[Field, ...]] = (
        Field("full_name", needed=True),
        Field("position", needed=True),
        Field("snils"),
        Field("birth_date", "day"),
        Field("sex", "choice", choices=("male", "female")),
        Field("email"),
        Field("education", "choice", choices=("higher", "secondary"), section="papers"),
        Field("accreditation_until", "day", section="papers", future=True),
        Field("training_hours", "number", section="papers"),
        Field("training_at", "day", section="papers"),
        Field("frmr_id", section="papers"),
        Field("federal_register_at", "day", section="papers"),
    )

    def read(self, connection: Connection, entry_id: str) -> Mapping[str, Any] | None:
        """The medic's entry."""
        entry = store.find(connection, entry_id)
        if entry is None:
            return None
        shown = {"name_shown": entry.full_name, "archived": not entry.active, "entry": entry}
        return asdict(entry) | shown | {"snils": "", "snils_on_record": entry.snils_hmac is not None}

    def options(self, connection: Connection, org: str) -> Options:
        """No references."""
        return {}

    def save(self, change: RegisterChange, entry_id: str | None, typed: FormInput) -> Saved:
        """Store the entry; a new one with its key. Papers may be missing: signing then says which."""
        values, faults = parse(self.fields, typed.fields, day_of(change.author.at))
        values["education"] = values["education"] or ""
        values["training_hours"] = values["training_hours"] or 0
        for other in store.of_organisations(change.connection, (change.org,)):
            same = other.medic_id != entry_id and fold_name(other.full_name) == fold_name(str(values["full_name"]))
            if same and not typed.another:
                faults["full_name"] = InputFault("same_person", f"{other.full_name}, {other.position}", other.medic_id)
        values |= _sealed_snils(change, entry_id, values.pop("snils"), faults)
        values |= {name: values[name] or None for name in ("email", "frmr_id")}
        if values["email"] and not EMAIL.fullmatch(values["email"]):
            faults["email"] = InputFault("wrong_form")
        if entry_id is None:
            organisation = registry.get_organisation(change.connection, change.org)
            if organisation is None or not organisation["oid"]:
                # Organisations come first in the federal registers: a medic is entered there under the OID of one.
                faults["oid"] = InputFault("organisation_without_oid", change.org, change.org)
            faults |= key_faults(typed.key) or _known_faults(change.connection, "", typed.key)
        if faults:
            return faults
        if entry_id is None:
            return self._add(change, values, typed.key)
        before = store.find(change.connection, entry_id)
        if before is None:
            raise LookupError("no such medic")
        store.change(change.connection, entry_id, values | {"updated_at": change.author.at})
        register_changes.note(
            change.connection, change.author, self.kind, change.org, [(entry_id, asdict(before), values)]
        )
        return entry_id

    def archive(self, change: RegisterChange, entry_id: str, *, archived: bool) -> InputFault | None:
        """Who is put away signs nothing from now on; what was signed stays valid."""
        before = store.find(change.connection, entry_id)
        if before is None:
            raise LookupError("no such medic")
        after = {"active": not archived}
        store.change(change.connection, entry_id, after | {"updated_at": change.author.at})
        register_changes.note(
            change.connection, change.author, self.kind, change.org, [(entry_id, asdict(before), after)]
        )
        return None

    def renew_key(self, change: RegisterChange, entry_id: str, draft: KeyDraft) -> Faults:
        """A new key and certificate for a medic; signatures made before keep their own."""
        before = store.find(change.connection, entry_id)
        if before is None:
            raise LookupError("no such medic")
        faults = key_faults(draft) or _known_faults(change.connection, entry_id, draft)
        if faults:
            return faults
        try:
            key, certificate, encrypted = _given(draft)
            after = replace_key(
                change.connection,
                entry_id,
                certificate,
                key,
                draft.passphrase,
                draft.token_label,
                change.author.at,
                encrypted,
            )
        except SigningRefused:
            return {"certificate": InputFault("not_ours")}
        register_changes.note(
            change.connection, change.author, self.kind, change.org, [(entry_id, asdict(before), after)]
        )
        return {}

    def _add(self, change: RegisterChange, values: dict[str, Any], draft: KeyDraft) -> Saved:
        medic_id = draft.made.medic_id if draft.made is not None else new_id()
        key, certificate, encrypted = _given(draft)
        add_medic(
            change.connection,
            org=change.org,
            full_name=values["full_name"],
            position=values["position"],
            qualification=Qualification(**{name: values[name] for name in Qualification.__slots__}),
            certificate=certificate,
            key=key,
            passphrase=draft.passphrase,
            now=change.author.at,
            medic_id=medic_id,
            token_label=draft.token_label or None,
            encrypted_key=encrypted,
            person=MedicPerson(**{name: values.get(name) for name in MedicPerson.__slots__}),
        )
        after = store.find(change.connection, medic_id)
        changes = [(medic_id, None, asdict(after) if after else {})]
        register_changes.note(change.connection, change.author, self.kind, change.org, changes)
        return medic_id


def with_key(
    authority: Authority, draft: KeyDraft, full_name: str, organisation: str, medic_id: str | None = None
) -> KeyDraft:
    """The draft with the key that it asks for, made and sealed: call it before the transaction that enters it.

    A draft for a token, or one with faults, stays as it is.
    """
    if draft.certificate_pem or not full_name or key_faults(draft):
        return draft
    medic_id = medic_id or new_id()
    issued = authority.issue_medic(full_name, medic_id, organisation)
    key = load_pem_private_key(issued.key_pem or b"", None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("the authority made a key of a kind that is not known here")
    certificate = x509.load_pem_x509_certificate(issued.certificate_pem)
    return replace(draft, made=MadeKey(medic_id, key, certificate, seal_key(certificate, draft.passphrase, key=key)))


def _sealed_snils(change: RegisterChange, medic_id: str | None, typed: str, faults: Faults) -> dict[str, Any]:
    """The columns of a SNILS; none where nothing was typed, which keeps what is on record."""
    if not typed:
        return {}
    try:
        hashed, sealed = change.registry.sealed_snils(parse_snils(typed))
    except ValueError:
        faults["snils"] = InputFault("wrong_snils")
        return {}
    for other in store.of_organisations(change.connection, (change.org,)):
        if other.medic_id != medic_id and other.snils_hmac == hashed:
            faults["snils"] = InputFault("snils_of_medic", other.full_name, other.medic_id)
    return {"snils_hmac": hashed, "snils_sealed": sealed}


def _given(draft: KeyDraft) -> tuple[SigningKey | None, x509.Certificate, bytes | None]:
    """Key, certificate and sealed key of a draft without faults."""
    if draft.made is not None:
        return draft.made.key, draft.made.certificate, draft.made.encrypted
    return None, x509.load_pem_x509_certificate(draft.certificate_pem), None


def _known_faults(connection: Connection, medic_id: str, draft: KeyDraft) -> Faults:
    """What is wrong with a certificate that was entered before: a revoked one does not come back, and nobody signs as another."""
    if draft.made is not None:
        return {}
    known = certificates.find(connection, certificates.id_of(draft.certificate_pem))
    if known is not None and known.owner != medic_id:
        return {"certificate": InputFault("certificate_of_other")}
    if known is not None and known.state == certificates.REVOKED:
        return {"certificate": InputFault("revoked_already")}
    return {}


def key_faults(draft: KeyDraft) -> Faults:
    """What is wrong with the draft for a key."""
    if draft.certificate_pem or draft.token_label:
        if not draft.token_label:
            return {"token_label": InputFault("needed")}
        if not draft.certificate_pem:
            return {"certificate": InputFault("needed")}
        try:
            x509.load_pem_x509_certificate(draft.certificate_pem)
        except ValueError:
            return {"certificate": InputFault("not_a_certificate")}
        return {}
    if len(draft.passphrase) < MIN_PASSPHRASE:
        return {"passphrase": InputFault("too_short_passphrase" if draft.passphrase else "needed")}
    if draft.passphrase != draft.passphrase_again:
        return {"passphrase_again": InputFault("not_the_same")}
    return {}
