"""Acts: drafted once, signed by two people, each with their own account and key. Before the second signature nothing follows.

Both sign the same bytes: the act's canonical record. `openssl cms -verify` checks each signature without this program.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from cryptography import x509
from sqlalchemy import Connection, Engine

from central.core.days import zone_name
from central.core.trust import Trust
from central.deciding.act_to_sign import ActToSign
from central.deciding.medics import FRMR_VALID_DAYS, check_register
from central.deciding.paper_signing import verified
from central.deciding.title_signing import Signatory
from central.signature.chain import SignatureError
from central.signature.provider import SignatureProvider, SigningRefused
from central.signature.verification import VerifiedSignature
from central.store import acts, audit, registry
from central.store.acts import KINDS, SIGNATURES_NEEDED, Act, ActSignature, ActTaken, ActWithdrawal
from central.store.engine import reading, writing
from central.store.medics import MedicEntry
from sync.contract.canonical import canonical, new_id, sha256_hex
from sync.contract.model import utc_text

ACT_SCHEMA = "dopusk.act/1"
Row = Mapping[str, str | int]
"""One line of an act: values by the name of their column (`acts.column.<name>`)."""


class ActRefused(Exception):
    """The act cannot be signed or taken back.

    `code`: `unknown`, `changed`, `withdrawn`, `same_person`, `complete`, `taken`.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class ActDraft:
    """What an act is about. `columns`: names of the columns in their order; `reason`: why it is drawn up, in words."""

    org: str
    kind: str
    columns: Sequence[str]
    rows: Sequence[Row]
    reason: str
    basis: str = ""
    """Law, order or rule that it rests on."""


def draft_act(connection: Connection, draft: ActDraft, account_id: str, at: datetime, zone: tzinfo) -> Act:
    """Store a draft under the next number of its organisation and year. Call inside a write transaction.

    Raises `ValueError` for a kind that there is not, a row without one of the columns, no row, or no such organisation.
    """
    organisation = registry.get_organisation(connection, draft.org)
    if draft.kind not in KINDS or not draft.rows or organisation is None:
        raise ValueError(f"an act of {draft.kind!r} with {len(draft.rows)} rows for {draft.org!r}")
    if any(set(row) != set(draft.columns) for row in draft.rows):
        raise ValueError("a row of an act has exactly the columns that the act names")
    year = at.astimezone(zone).year
    act_id, number = new_id(), acts.next_number(connection, draft.org, year)
    record = {
        "schema": ACT_SCHEMA,
        "act": {
            "act_id": act_id,
            "kind": draft.kind,
            "number": number,
            "year": year,
            "drafted_at": utc_text(at),
            "drafted_by": account_id,
            "zone": zone_name(zone, at),
            "reason": draft.reason,
            "basis": draft.basis,
            "columns": list(draft.columns),
            "rows": [dict(row) for row in draft.rows],
        },
        "organisation": {
            "org": draft.org,
            "name": organisation["name"],
            "licence": organisation["licence"],
            "address": organisation["address"] or "",
            "phone": organisation["phone"] or "",
        },
    }
    item = Act(act_id, draft.org, draft.kind, year, number, at, account_id, canonical(record))
    acts.add(connection, item)
    return item


def rows_of(item: Act) -> list[dict[str, Any]]:
    """The lines of an act."""
    rows: list[dict[str, Any]] = json.loads(item.record)["act"]["rows"]
    return rows


def seen_of(item: Act) -> str:
    """SHA-256 of the act: a page shows it, and what is signed is that."""
    return sha256_hex(item.record)


class ActSigning:
    """Each call is one act of one person on one act."""

    def __init__(
        self,
        engine: Engine,
        trust: Trust,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        frmr_valid_days: int = FRMR_VALID_DAYS,
    ) -> None:
        self._engine, self._trust, self._clock, self._frmr_valid_days = engine, trust, clock, frmr_valid_days

    def prepare(self, act_id: str, seen: str, who: Signatory, provider: SignatureProvider) -> ActToSign:
        """The exact bytes to be signed. Raises `ActRefused`, `RegisterFault`, `SigningRefused`; nothing is stored yet."""
        with reading(self._engine) as connection:
            medic = check_register(connection, who.medic_id, self._clock(), frmr_valid_days=self._frmr_valid_days)
            item, _ = self._open(connection, act_id, seen, who, medic)
        if provider.certificate != x509.load_pem_x509_certificate(medic.certificate_pem):
            raise SigningRefused("wrong_certificate", "the register names another certificate now; open the key again")
        return ActToSign(act_id, item.record)

    def sign(self, act_id: str, seen: str, who: Signatory, provider: SignatureProvider) -> ActSignature:
        """Sign and store one signature. `seen`: hash of what the page showed. Raises as `prepare`, and `SignatureError`."""
        paper = self.prepare(act_id, seen, who, provider)
        return self.complete(paper, who, provider.certificate, provider.sign_detached(paper.content))

    def complete(self, paper: ActToSign, who: Signatory, signer: x509.Certificate, signature: bytes) -> ActSignature:
        """Store a signature that was made, here or at the workplace. Raises as `sign`."""
        now = self._clock()
        if verified(signature, paper.content, self._trust, now).certificate != signer:
            raise SignatureError("wrong_signer", "another certificate signed the act than the key that was opened")
        try:
            with writing(self._engine) as connection:
                acts.hold_act(connection, paper.act_id)
                days = self._frmr_valid_days
                medic = check_register(connection, who.medic_id, now, signed_by=signer, frmr_valid_days=days)
                item, given = self._open(connection, paper.act_id, sha256_hex(paper.content), who, medic)
                made = ActSignature(
                    signature_id=new_id(),
                    act_id=item.act_id,
                    org=item.org,
                    place=len(given) + 1,
                    account_id=who.account_id,
                    medic_id=medic.medic_id,
                    medic_name=medic.full_name,
                    position=medic.position,
                    signed_at=now,
                    certificate_serial=f"{signer.serial_number:x}",
                    cms=signature,
                )
                acts.add_signature(connection, made)
                detail = {"kind": item.kind, "number": item.number, "year": item.year, "place": made.place}
                self._note(connection, "act.sign", item, who, now, detail)
        except ActTaken as error:
            raise ActRefused("taken", "somebody else has signed the act meanwhile") from error
        return made

    def withdraw(self, act_id: str, reason: str, who: Signatory) -> None:
        """Take a draft back, before its second signature. Raises `ActRefused`."""
        now = self._clock()
        try:
            with writing(self._engine) as connection:
                acts.hold_act(connection, act_id)
                item, _ = self._standing(connection, act_id, who)
                acts.withdraw(connection, ActWithdrawal(act_id, item.org, reason, now, who.account_id))
                detail = {"kind": item.kind, "number": item.number, "year": item.year}
                self._note(connection, "act.withdraw", item, who, now, detail)
        except ActTaken as error:
            raise ActRefused("withdrawn", "the draft was taken back already") from error

    def _note(
        self, connection: Connection, action: str, item: Act, who: Signatory, now: datetime, detail: dict[str, Any]
    ) -> None:
        audit.write(
            connection,
            at=now,
            account_id=who.account_id,
            address=who.address,
            action=action,
            subject=item.act_id,
            org=item.org,
            detail=detail,
        )

    def _standing(self, connection: Connection, act_id: str, who: Signatory) -> tuple[Act, list[ActSignature]]:
        """The act and its signatures, while something may still become of it."""
        item = acts.find(connection, act_id)
        if item is None or item.org not in who.orgs:
            raise ActRefused("unknown", "there is no such act in your organisation")
        if acts.withdrawals_of(connection, [act_id]):
            raise ActRefused("withdrawn", "the draft was taken back")
        given = acts.signatures_of(connection, [act_id]).get(act_id, [])
        if len(given) >= SIGNATURES_NEEDED:
            raise ActRefused("complete", "the act has both signatures")
        return item, given

    def _open(
        self, connection: Connection, act_id: str, seen: str, who: Signatory, medic: MedicEntry
    ) -> tuple[Act, list[ActSignature]]:
        """The act, when this person may sign it now."""
        item, given = self._standing(connection, act_id, who)
        if medic.org != item.org:
            raise ActRefused("unknown", "there is no such act in your organisation")
        if seen_of(item) != seen:
            raise ActRefused("changed", "the act is not what was shown")
        if any(one.account_id == who.account_id or one.medic_id == medic.medic_id for one in given):
            raise ActRefused("same_person", "the second signature is another person's")
        return item, given


def act_signed_by(item: Act, given: ActSignature, trust: Trust) -> VerifiedSignature | None:
    """Whose signature of the act it is, when it still holds as of the time of signing."""
    try:
        return verified(given.cms, item.record, trust, given.signed_at)
    except SignatureError:
        return None
