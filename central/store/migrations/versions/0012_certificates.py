"""Certificates of signers get a table of their own: they can be revoked, and their terms watched."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from central.store.certificates import columns_of
from central.store.metadata import UtcDateTime
from central.store.migrations.last_activity import last_activity

revision: str = "0012"
down_revision: str | Sequence[str] | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    op.create_table(
        "certificate",
        sa.Column("certificate_id", sa.Text(), nullable=False, comment="SHA-256 of the certificate (DER), hexadecimal"),
        sa.Column("serial", sa.Text(), nullable=False, comment="hexadecimal, as its authority gave it"),
        sa.Column("issuer", sa.Text(), nullable=False, comment="the authority's name (RFC 4514)"),
        sa.Column("kind", sa.Text(), nullable=False, comment="of whom: medic"),
        sa.Column("owner", sa.Text(), nullable=False, comment="of a medic: the entry in the register"),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column(
            "key_provider",
            sa.Text(),
            nullable=False,
            comment="where the key is: software, gost, pkcs11, workplace or plugin",
        ),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, comment="when it was entered here"),
        sa.Column("state", sa.Text(), nullable=False, comment="valid, replaced or revoked"),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True, comment="a whole second, as lists have it"),
        sa.Column("reason", sa.Text(), nullable=True, comment="code of the reason, see central.deciding.revocation"),
        sa.Column("note", sa.Text(), nullable=True, comment="the reason in words"),
        sa.ForeignKeyConstraint(["org"], ["organisation.org"], name=op.f("fk_certificate_org_organisation")),
        sa.PrimaryKeyConstraint("certificate_id", name=op.f("pk_certificate")),
    )
    for name in ("serial", "owner", "org"):
        op.create_index(op.f(f"ix_certificate_{name}"), "certificate", [name])
    op.add_column(
        "medic", sa.Column("certificate_id", sa.Text(), nullable=True, comment="SHA-256 of the certificate in use")
    )
    _fill(op.get_bind())


def _fill(connection: sa.Connection) -> None:
    names: list[sa.ColumnClause[Any]] = [sa.column(name) for name in ("medic_id", "org", "key_provider")]
    pem = sa.column("certificate_pem", sa.LargeBinary())
    medic = sa.table("medic", *names, pem, sa.column("certificate_id"))
    texts = ("certificate_id", "serial", "issuer", "kind", "owner", "org", "key_provider", "state")
    text_columns: list[sa.ColumnClause[Any]] = [sa.column(name) for name in texts]
    moments = [sa.column(name, UtcDateTime()) for name in ("valid_from", "valid_until", "created_at")]
    certificate = sa.table("certificate", *text_columns, *moments)
    known: set[str] = set()
    entered_at = last_activity(connection)
    for row in connection.execute(sa.select(*names, pem)).all():
        try:
            read = columns_of(bytes(row.certificate_pem))
        except ValueError:
            # `verify` and the register tell of a damaged one; it keeps no store from being brought up to date.
            continue
        own = sa.update(medic).where(medic.c.medic_id == row.medic_id).values(certificate_id=read["certificate_id"])
        connection.execute(own)
        if read["certificate_id"] not in known:
            known.add(read["certificate_id"])
            values = {"kind": "medic", "owner": row.medic_id, "org": row.org, "key_provider": row.key_provider}
            connection.execute(certificate.insert().values(state="valid", created_at=entered_at, **read, **values))
