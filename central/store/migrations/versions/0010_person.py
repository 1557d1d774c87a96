"""Persons stand once, workers are their employments, and a personnel number is the employer's own."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from central.store.metadata import UtcDateTime
from sync.contract.canonical import new_id

revision: str = "0010"
down_revision: str | Sequence[str] | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_BATCH = 1000


def upgrade() -> None:
    """Bring the store one step forward."""
    _new_tables()
    for column in (
        sa.Column("person_id", sa.Text(), nullable=True),
        sa.Column("position_code", sa.Text(), nullable=True, comment="code of the book of positions"),
        sa.Column("department", sa.Text(), nullable=False, server_default=""),
        sa.Column("regime", sa.Text(), nullable=True, comment="general, railway, other; empty: not said"),
        sa.Column(
            "harm_factors",
            sa.JSON(),
            nullable=False,
            server_default="[]",
            comment="codes of the book of harmful factors",
        ),
        sa.Column("since", sa.Date(), nullable=True, comment="first day of the employment; empty: not said"),
        sa.Column("until", sa.Date(), nullable=True, comment="last day of the employment; empty: it goes on"),
        sa.Column("external_id", sa.Text(), nullable=True, comment="key of the employer's own system"),
    ):
        op.add_column("worker", column)
    _fill(op.get_bind())
    with op.batch_alter_table("worker", schema=None) as batch_op:
        batch_op.alter_column("person_id", existing_type=sa.Text(), nullable=False)
        batch_op.create_foreign_key(op.f("fk_worker_person_id_person"), "person", ["person_id"], ["person_id"])
        batch_op.drop_constraint(op.f("uq_worker_org_personnel_number"), type_="unique")
    not_archived = sa.text("archived_at IS NULL")
    op.create_index(op.f("ix_worker_person_id"), "worker", ["person_id"], unique=False)
    op.create_index("ix_worker_personnel_number_org", "worker", ["personnel_number", "org"], unique=False)
    op.create_index(
        "uq_worker_org_employer_id_personnel_number",
        "worker",
        ["org", "employer_id", "personnel_number"],
        unique=True,
        sqlite_where=not_archived,
        postgresql_where=not_archived,
    )


def _new_tables() -> None:
    op.create_table(
        "person",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("snils_hmac", sa.Text(), nullable=True, comment="keyed hash; empty: no SNILS on record"),
        sa.Column(
            "snils_sealed", sa.LargeBinary(), nullable=True, comment="AES-256-GCM: 12 bytes of nonce, ciphertext, tag"
        ),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("sex", sa.Text(), nullable=True, comment="male or female"),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True, comment="as snils_sealed"),
        sa.Column("email_sealed", sa.LargeBinary(), nullable=True, comment="as snils_sealed"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_person")),
        sa.UniqueConstraint("snils_hmac", name=op.f("uq_person_snils_hmac")),
    )
    op.create_table(
        "person_verdict",
        sa.Column("verdict_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False, comment="who stays"),
        sa.Column("other_id", sa.Text(), nullable=False, comment="the likely double"),
        sa.Column("verdict", sa.Text(), nullable=False, comment="joined, apart, undone"),
        sa.Column("worker_ids", sa.JSON(), nullable=False, comment="employments that went from other_id to person_id"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False, comment="who judged"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["org"], ["organisation.org"], name=op.f("fk_person_verdict_org_organisation")),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_person_verdict_person_id_person")),
        sa.ForeignKeyConstraint(["other_id"], ["person.person_id"], name=op.f("fk_person_verdict_other_id_person")),
        sa.PrimaryKeyConstraint("verdict_id", name=op.f("pk_person_verdict")),
    )
    for name in ("org", "person_id", "other_id"):
        op.create_index(op.f(f"ix_person_verdict_{name}"), "person_verdict", [name], unique=False)
    op.create_table(
        "terminal_employer",
        sa.Column("terminal_id", sa.Text(), nullable=False),
        sa.Column("employer_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["terminal_id"], ["terminal.terminal_id"], name=op.f("fk_terminal_employer_terminal_id_terminal")
        ),
        sa.ForeignKeyConstraint(
            ["employer_id"], ["employer.employer_id"], name=op.f("fk_terminal_employer_employer_id_employer")
        ),
        sa.PrimaryKeyConstraint("terminal_id", "employer_id", name=op.f("pk_terminal_employer")),
    )
    op.create_index(op.f("ix_terminal_employer_employer_id"), "terminal_employer", ["employer_id"], unique=False)


def _fill(connection: sa.Connection) -> None:
    """One person for each worker; those with one SNILS share one, called as the entry that was changed last."""
    told: list[sa.ColumnClause[object]] = [
        sa.column(name) for name in ("worker_id", "snils_hmac", "snils_sealed", "full_name", "sex")
    ]
    worker = sa.table(
        "worker",
        *told,
        sa.column("birth_date", sa.Date()),
        sa.column("updated_at", UtcDateTime()),
        sa.column("person_id"),
    )
    person = sa.table(
        "person",
        *(sa.column(name) for name in ("person_id", "snils_hmac", "snils_sealed", "full_name", "sex")),
        sa.column("birth_date", sa.Date()),
        sa.column("created_at", UtcDateTime()),
        sa.column("updated_at", UtcDateTime()),
    )
    names = ("snils_hmac", "snils_sealed", "full_name", "sex", "birth_date")
    query = sa.select(worker.c.worker_id, *(worker.c[name] for name in names), worker.c.updated_at)
    employed = (
        sa.update(worker).where(worker.c.worker_id == sa.bindparam("of")).values(person_id=sa.bindparam("person"))
    )
    renamed = (
        sa.update(person)
        .where(person.c.person_id == sa.bindparam("of"), person.c.updated_at < sa.bindparam("to_updated_at"))
        .values({name: sa.bindparam(f"to_{name}") for name in ("full_name", "sex", "birth_date", "updated_at")})
    )
    by_snils: dict[str, str] = {}
    last = ""
    while True:
        page = query.where(worker.c.worker_id > last).order_by(worker.c.worker_id).limit(_BATCH)
        rows = connection.execute(page).all()
        if not rows:
            return
        new, of, again = [], [], []
        for row in rows:
            known = by_snils.get(row.snils_hmac) if row.snils_hmac else None
            person_id = known or new_id()
            of.append({"of": row.worker_id, "person": person_id})
            values = {name: getattr(row, name) for name in names}
            if known is None:
                new.append(
                    {"person_id": person_id, "created_at": row.updated_at, "updated_at": row.updated_at} | values
                )
            else:
                again.append(
                    {"of": known, "to_updated_at": row.updated_at}
                    | {f"to_{name}": values[name] for name in ("full_name", "sex", "birth_date")}
                )
            if row.snils_hmac:
                by_snils[row.snils_hmac] = person_id
        if new:
            connection.execute(person.insert(), new)
        if again:
            connection.execute(renamed, again)
        connection.execute(employed, of)
        last = rows[-1].worker_id
