"""Writes a worker that another system knows by its own key: by the rules and into the history of the register's form.

A key of an organisation may say all fields; a key of an employer what an HR department may (`central.registers.workforce`). What a
call leaves out stays; an empty value empties the field. Two systems that disagree are told: whoever did not change the entry
last names the version that it has read (`If-Match`), or gets 409.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, RowMapping

from central.core.input_fault import InputFault
from central.people.registry import Registry
from central.registers.coded import save_coded
from central.registers.form import typed_of
from central.registers.keeping import FormInput, RegisterChange, Saved
from central.registers.workers import WorkerForm
from central.registers.workforce import HR_FIELDS, apply
from central.store import register_changes
from central.store.api_keys import ApiKey
from central.store.register_changes import Author
from central.store.workers import get_worker, with_external_id
from central.store.workforce_changes import WorkforceChange
from central.words.texts import text_or
from sync.contract.canonical import new_id

OF_HR = frozenset(one.name for one in HR_FIELDS)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a call says of one worker. `fields`: as the form has them; `if_match`: a version, or `*` for any."""

    external_id: str
    fields: Mapping[str, str] = field(default_factory=dict)
    if_match: str | None = None
    only_new: bool = False
    is_dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one worker: an HTTP status, `created`, `changed`, `unchanged`, `dismissed` or the code of what is wrong."""

    status: int
    code: str
    worker_id: str | None = None
    etag: str | None = None
    message: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        """Whether it was stored, or needed nothing."""
        return self.status < 400

    def body(self, external_id: str) -> dict[str, Any]:
        """As programs read it."""
        return {
            "external_id": external_id,
            "status": self.status,
            "code": self.code,
            "message": self.message,
            "worker_id": self.worker_id,
            "etag": self.etag,
            "fields": dict(self.fields),
        }


class WorkerSync:
    """One call, inside the caller's transaction, which holds the registers of the organisation."""

    def __init__(
        self, connection: Connection, registry: Registry, key: ApiKey, employer_id: str, author: Author
    ) -> None:
        self._connection, self._key, self._employer_id = connection, key, employer_id
        self._change = RegisterChange(connection, registry, key.org, author)

    def find(self, external_id: str) -> tuple[RowMapping | None, Outcome | None]:
        """The worker at work with that key; or None, and why there is none to write to."""
        rows = with_external_id(self._connection, self._employer_id, external_id)
        at_work = [row for row in rows if row["archived_at"] is None]
        if len(at_work) > 1:
            return None, Outcome(
                409,
                "external_id_twice",
                message="two workers have this key; a medic corrects one of them in the register",
            )
        if rows and not at_work:
            return None, Outcome(
                409, "dismissed_worker", message="dismissed; take the worker back in the register, or use another key"
            )
        return (at_work[0] if at_work else None), None

    def etag(self, worker_id: str) -> str:
        """The version of an entry: it counts the changes in its history."""
        return f'"{worker_id}.{register_changes.count(self._connection, "workers", worker_id)}"'

    def put(self, wanted: Wanted) -> Outcome:
        """Enter the worker, or change the entry."""
        row, refused = self.find(wanted.external_id)
        refused = refused or self._of_another_version(row, wanted)
        if refused is not None:
            return refused
        is_own = self._key.employer_id is None
        beyond = {name: "of_organisation" for name in wanted.fields if not is_own and name not in OF_HR}
        if beyond:
            return Outcome(422, "invalid", message="only a key of the medical organisation says these", fields=beyond)
        given = dict(wanted.fields) | {"external_id": wanted.external_id}
        return self._tried(row, wanted, lambda: self._saved(row, given, is_own=is_own))

    def dismiss(self, wanted: Wanted, last_day: str) -> Outcome:
        """The worker leaves: at once, or after a last day. Nothing is deleted."""
        row, refused = self.find(wanted.external_id)
        if refused is not None and refused.code == "dismissed_worker":
            return Outcome(200, "unchanged")
        if refused is not None:
            return refused
        if row is None:
            return Outcome(404, "not_found", message="there is no worker with this key")
        refused = self._of_another_version(row, wanted)
        if refused is not None:
            return refused
        asked = self._asked(row, "dismiss", {"last_day": last_day})
        return self._tried(row, wanted, lambda: apply(self._change, asked), done="dismissed")

    def _saved(self, row: RowMapping | None, given: dict[str, str], *, is_own: bool) -> Saved:
        form, worker_id = WorkerForm(), str(row["worker_id"]) if row is not None else None
        kept = typed_of(form.fields, form.read(self._connection, worker_id) or {}) if worker_id else {}
        if is_own:
            whole = kept | given | {"employer_id": self._employer_id}
            return save_coded(self._change, form, worker_id, FormInput(whole))
        of_hr = {name: words for name, words in kept.items() if name in OF_HR}
        return apply(self._change, self._asked(row, "add" if row is None else "change", of_hr | {**given}))

    def _asked(self, row: RowMapping | None, kind: Any, fields: Mapping[str, str]) -> WorkforceChange:
        worker_id = str(row["worker_id"]) if row is not None else None
        return WorkforceChange(
            change_id=new_id(),
            org=self._key.org,
            employer_id=self._employer_id,
            worker_id=worker_id,
            kind=kind,
            fields=fields,
            another=False,
            seen=register_changes.count(self._connection, "workers", worker_id) if worker_id else 0,
            asked_at=self._change.author.at,
            asked_by=self._key.key_id,
        )

    def _of_another_version(self, row: RowMapping | None, wanted: Wanted) -> Outcome | None:
        if wanted.only_new and row is not None:
            return Outcome(412, "exists", str(row["worker_id"]), message="there is a worker with this key already")
        if wanted.if_match is None:
            return None
        now = self.etag(str(row["worker_id"])) if row is not None else None
        if now is None or wanted.if_match not in {"*", now}:
            return Outcome(
                412, "changed_meanwhile", etag=now, message="the entry is another one now; read it and decide again"
            )
        return None

    def _tried(self, row: RowMapping | None, wanted: Wanted, write: Any, done: str = "") -> Outcome:
        before = register_changes.count(self._connection, "workers", str(row["worker_id"])) if row is not None else 0
        author = (
            register_changes.last_author(self._connection, "workers", str(row["worker_id"]))
            if row is not None
            else None
        )
        held = self.etag(str(row["worker_id"])) if row is not None else None
        try:
            with self._connection.begin_nested() as tried:
                saved: Saved = write()
                if not isinstance(saved, str):
                    tried.rollback()
                    return _refused(saved)
                count = register_changes.count(self._connection, "workers", saved)
                tag = self.etag(saved)
                is_same = row is not None and count == before
                if wanted.is_dry_run or is_same:
                    tried.rollback()
                elif row is not None and wanted.if_match is None and author != self._key.key_id:
                    tried.rollback()
                    return Outcome(
                        409,
                        "changed_by_another",
                        saved,
                        held,
                        "somebody else changed this entry last: read it, and send its ETag as If-Match",
                    )
        except ValueError:
            # The wire would not take the roster with this entry.
            return Outcome(
                422, "invalid", message="the entry does not fit into a roster", fields={"": "roster_too_large"}
            )
        if is_same:
            return Outcome(200, "unchanged", saved, tag)
        if row is None:
            return Outcome(201, "created", None if wanted.is_dry_run else saved, None if wanted.is_dry_run else tag)
        gone = get_worker(self._connection, saved)
        return Outcome(200, done or "changed", saved, tag if gone is not None and not wanted.is_dry_run else None)


def _refused(faults: Mapping[str, InputFault]) -> Outcome:
    """Codes by field, and their words; no name of anybody else."""
    words = "; ".join(
        f"{name}: {text_or('en', f'fault_code.{fault.code}', fault.code)}" for name, fault in faults.items()
    )
    return Outcome(422, "invalid", message=words[:1000], fields={name: fault.code for name, fault in faults.items()})
