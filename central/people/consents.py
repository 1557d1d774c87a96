"""Consents: who agreed to what, in which text, and since when not any more. Each change sends new rosters to the terminals.

152-FZ, art. 9 (consent, withdrawal) and art. 11 (biometric data: in writing). The texts are the organisation's own; the
software only keeps which version somebody agreed to.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import cast

from sqlalchemy import Connection

from central.books.publishing import publish_text
from central.books.rules import BookRefused
from central.core.clock import now_utc
from central.core.days import day_of
from central.people.registry import Registry
from central.store import consents as store
from central.store import faces
from central.store.consents import KINDS, MEANS, OWN_PAGES
from central.store.engine import hold_registers
from central.store.workers import worker_org

MOST_TEXT_CHARS = 20_000
MOST_BASIS_CHARS = 500
MOST_VERSION_CHARS = 40


class ConsentRefused(Exception):
    """A form that cannot be taken; `faults` maps fields to codes, and nothing was stored."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(", ".join(f"{field}: {code}" for field, code in faults.items()))
        self.faults = dict(faults)


class Consents:
    """The register of consents. Every method works inside the caller's transaction."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def add_text(
        self, connection: Connection, org: str, kind: str, version: str, body: str, *, valid_from: date, author: str
    ) -> None:
        """Publish a version of a text: in the book of consent texts, so that kiosks show what stands here.

        Raises `ConsentRefused`; a version that is there is never changed. Wake the dispatcher after the commit.
        """
        faults: dict[str, str] = {}
        version, body = version.strip(), body.strip()
        if kind not in KINDS:
            faults["kind"] = "choose"
        for name, value, most in (("version", version, MOST_VERSION_CHARS), ("body", body, MOST_TEXT_CHARS)):
            if not value:
                faults[name] = "needed"
            elif len(value) > most:
                faults[name] = "too_long"
        hold_registers(connection, org)
        if not faults and store.get_text(connection, org, kind, version) is not None:
            faults["version"] = "taken"
        if faults:
            raise ConsentRefused(faults)
        try:
            publish_text(
                connection,
                self._registry.outgoing,
                org,
                kind,
                version,
                body,
                valid_from=valid_from,
                author=author,
                now=now_utc(),
            )
        except BookRefused as refused:
            raise ConsentRefused({"body": refused.faults[0].fault}) from refused

    def give(
        self,
        connection: Connection,
        worker_id: str,
        kind: str,
        version: str,
        *,
        given_on: date,
        means: str,
        basis: str,
        author: str,
    ) -> str:
        """Enter a consent; returns its id.

        Raises `ConsentRefused` (field → code) and `LookupError` for an unknown worker.
        """
        org = worker_org(connection, worker_id)
        hold_registers(connection, org)
        faults = faults_of_paper(given_on, means, basis, "given_on")
        text = store.get_text(connection, org, kind, version)
        if kind not in KINDS:
            faults["kind"] = "choose"
        elif text is None:
            faults["version"] = "unknown"
        elif given_on < text["valid_from"]:
            faults["given_on"] = "before_text"
        standing = [record for record in store.of_worker(connection, worker_id) if record.kind == kind]
        if any(record.in_force and record.text_version == version for record in standing):
            faults["version"] = "in_force"
        if faults or text is None:
            raise ConsentRefused(faults)
        consent_id = store.add_consent(
            connection,
            worker_id=worker_id,
            org=org,
            kind=kind,
            text_version=version,
            text_sha256=text["sha256"],
            given_on=given_on,
            means=means,
            basis=basis.strip(),
            author=author,
            created_at=now_utc(),
        )
        faces.want_again(connection, [worker_id])
        self._registry.publish_workers(connection, org, [worker_id])
        return consent_id

    def give_papers(
        self,
        connection: Connection,
        org: str,
        papers: Sequence[tuple[str, str, str, date]],
        *,
        basis: str,
        author: str,
    ) -> None:
        """Enter consents on paper of many workers of one organisation: worker's id, kind, version, day.

        One that is in force already is left as it is: two jobs of a person may have come with the same paper. Raises
        `ConsentRefused` with the fault of the first that cannot be taken, as `give` does.
        """
        hold_registers(connection, org)
        ids = sorted({worker_id for worker_id, *_ in papers})
        texts = {(row["kind"], row["version"]): row for row in store.list_texts(connection, org)}
        standing = store.standing(connection, org, ids)
        rows = []
        for worker_id, kind, version, given_on in papers:
            faults = faults_of_paper(given_on, "paper", basis, "given_on")
            text = texts.get((kind, version))
            if text is None:
                faults["version"] = "unknown"
            elif given_on < text["valid_from"]:
                faults["given_on"] = "before_text"
            if standing.get(worker_id, {}).get(cast("store.Kind", kind)) == version:
                continue
            if faults or text is None:
                raise ConsentRefused(faults)
            said = {"worker_id": worker_id, "org": org, "kind": kind, "text_version": version, "given_on": given_on}
            rows.append(said | {"text_sha256": text["sha256"], "means": "paper", "basis": basis, "author": author})
        if rows:
            store.add_consents(connection, rows, created_at=now_utc())
        faces.want_again(connection, ids)
        self._registry.publish_workers(connection, org, ids)

    def withdraw(
        self, connection: Connection, consent_id: str, *, withdrawn_on: date, means: str, basis: str, author: str
    ) -> list[str]:
        """End a consent, and every other one of the same kind that the worker gave; returns their ids.

        Who withdraws means the purpose and not one of two papers. Raises `ConsentRefused` and `LookupError`.
        """
        record = store.get_consent(connection, consent_id)
        if record is None:
            raise LookupError("no such consent")
        hold_registers(connection, record.org)
        record = store.get_consent(connection, consent_id) or record
        faults = faults_of_paper(withdrawn_on, means, basis, "withdrawn_on")
        if not record.in_force:
            faults["consent_id"] = "withdrawn"
        standing = [
            one for one in store.of_worker(connection, record.worker_id) if one.in_force and one.kind == record.kind
        ]
        if any(withdrawn_on < one.given_on for one in standing):
            faults["withdrawn_on"] = "before_consent"
        if faults:
            raise ConsentRefused(faults)
        for one in standing:
            store.add_withdrawal(
                connection,
                consent_id=one.consent_id,
                withdrawn_on=withdrawn_on,
                means=means,
                basis=basis.strip(),
                author=author,
                created_at=now_utc(),
            )
        self._registry.publish_workers(connection, record.org, [record.worker_id])
        return [one.consent_id for one in standing]


def faults_of_paper(day: date, means: str, basis: str, day_field: str) -> dict[str, str]:
    """What is wrong with a paper, by field: `future`, `choose`, `needed`, `too_long`; `day_field` names the field of the day."""
    faults: dict[str, str] = {}
    if day > day_of(now_utc()):
        faults[day_field] = "future"
    if means not in (*MEANS, OWN_PAGES):
        faults["means"] = "choose"
    if not basis.strip():
        faults["basis"] = "needed"
    elif len(basis) > MOST_BASIS_CHARS:
        faults["basis"] = "too_long"
    return faults
