"""Read-only: the workers of an organisation as its terminals need them. Owns no table."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, or_, select

from central.store.registry import employer, worker
from central.store.worker_limits import worker_limit
from sync.contract.roster import ConsentKind, RosterWorker


def roster_workers(
    connection: Connection, org: str, today: date, consents: Mapping[str, Mapping[ConsentKind, str]]
) -> list[RosterWorker]:
    """The workers of an organisation as its terminals need them, with the limits in force today.

    `consents` gives for each worker kind and version of the text of what is in force.
    """
    in_force = select(worker_limit.c.worker_id, worker_limit.c.entry).where(
        worker_limit.c.withdrawn_at.is_(None),
        or_(worker_limit.c.valid_until.is_(None), worker_limit.c.valid_until >= today),
    )
    personal: dict[str, list[dict[str, Any]]] = {}
    for worker_id, entry in connection.execute(in_force.order_by(worker_limit.c.created_at)):
        personal.setdefault(worker_id, []).append(entry)
    query = (
        select(worker, employer.c.name.label("employer_name"), employer.c.limits.label("employer_limits"))
        .join_from(worker, employer, worker.c.employer_id == employer.c.employer_id)
        .where(worker.c.org == org, worker.c.archived_at.is_(None))
        .order_by(worker.c.personnel_number)
    )
    fields = RosterWorker.model_fields.keys() - {"limits", "consents", "biometric_consent"}
    return [
        RosterWorker.model_validate(
            {name: row[name] for name in fields & row.keys()}
            | _consent_fields(consents.get(row["worker_id"], {}))
            | {"limits": personal.get(row["worker_id"], []) + list(row["employer_limits"])}
        )
        for row in connection.execute(query).mappings()
    ]


def _consent_fields(given: Mapping[ConsentKind, str]) -> dict[str, Any]:
    consents = [{"kind": kind, "text_version": version} for kind, version in sorted(given.items())]
    return {"consents": consents, "biometric_consent": "biometric_comparison" in given}
