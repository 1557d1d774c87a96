"""What the federal registers say of organisations and medics, and the maps by which their files are read."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | Sequence[str] | None = "0015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    op.add_column("organisation", sa.Column("inn", sa.Text(), nullable=True))
    op.add_column("organisation", sa.Column("kpp", sa.Text(), nullable=True))
    op.add_column("organisation", sa.Column("ogrn", sa.Text(), nullable=True))
    op.add_column("organisation", sa.Column("address", sa.Text(), nullable=True))
    op.add_column(
        "organisation", sa.Column("region_code", sa.Text(), nullable=True, comment="subject of the Russian Federation")
    )
    op.add_column("organisation", sa.Column("email", sa.Text(), nullable=True))
    op.add_column("organisation", sa.Column("phone", sa.Text(), nullable=True))
    op.add_column("organisation", sa.Column("profile", sa.Text(), nullable=True, comment="what it does, for people"))
    op.add_column("organisation", sa.Column("hours", sa.Text(), nullable=True, comment="when it is open, for people"))
    op.add_column(
        "organisation",
        sa.Column(
            "oid_checked_at", sa.Date(), nullable=True, comment="day when the OID was seen in the federal register"
        ),
    )
    op.add_column(
        "organisation",
        sa.Column("oid_source", sa.Text(), nullable=True, comment="form, file or the mapping that read it"),
    )
    op.add_column(
        "medic",
        sa.Column("snils_hmac", sa.Text(), nullable=True, comment="keyed hash; the number itself is in snils_sealed"),
    )
    op.add_column(
        "medic",
        sa.Column(
            "snils_sealed", sa.LargeBinary(), nullable=True, comment="AES-256-GCM: 12 bytes of nonce, ciphertext, tag"
        ),
    )
    op.add_column("medic", sa.Column("birth_date", sa.Date(), nullable=True))
    op.add_column("medic", sa.Column("sex", sa.Text(), nullable=True, comment="male or female"))
    op.add_column("medic", sa.Column("email", sa.Text(), nullable=True))
    op.add_column(
        "medic",
        sa.Column(
            "frmr_id",
            sa.Text(),
            nullable=True,
            comment="number of the entry in the federal register of medical staff (ФРМР)",
        ),
    )
    op.add_column(
        "medic",
        sa.Column("frmr_checked_at", sa.Date(), nullable=True, comment="day when the entry was last seen there"),
    )
    op.add_column(
        "medic", sa.Column("frmr_source", sa.Text(), nullable=True, comment="form, file or the mapping that read it")
    )
    op.add_column(
        "medic",
        sa.Column(
            "left_frmr_at",
            sa.Date(),
            nullable=True,
            comment="since when the federal register no longer names the medic",
        ),
    )
    op.create_index(op.f("ix_medic_snils_hmac"), "medic", ["snils_hmac"])
    op.create_table(
        "medic_education",
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("medic_id", sa.Text(), nullable=False, comment="entry in the register of medics"),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("institution", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("diploma_no", sa.Text(), nullable=False),
        sa.Column("speciality", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_medic_education")),
    )
    op.create_index(op.f("ix_medic_education_medic_id"), "medic_education", ["medic_id"])
    op.create_table(
        "medic_certificate",
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("medic_id", sa.Text(), nullable=False, comment="entry in the register of medics"),
        sa.Column("kind", sa.Text(), nullable=False, comment="accreditation, certificate or course"),
        sa.Column("speciality", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("issued", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("hours", sa.Integer(), nullable=True, comment="of a course"),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_medic_certificate")),
    )
    op.create_index(op.f("ix_medic_certificate_medic_id"), "medic_certificate", ["medic_id"])
    op.create_table(
        "medic_employment",
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("medic_id", sa.Text(), nullable=False, comment="entry in the register of medics"),
        sa.Column("org_oid", sa.Text(), nullable=False, comment="OID of the organisation (ФРМО)"),
        sa.Column("org_name", sa.Text(), nullable=False),
        sa.Column("post", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True, comment="last day; empty: it goes on"),
        sa.Column("rate", sa.Text(), nullable=False, comment="part of a full post, as the register writes it"),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_medic_employment")),
    )
    op.create_index(op.f("ix_medic_employment_medic_id"), "medic_employment", ["medic_id"])
    op.create_table(
        "field_map",
        sa.Column("map_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="what the file is of: medics, organisations"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False, comment="heading: name of the field"),
        sa.Column("account_id", sa.Text(), nullable=True, comment="who entered it; empty: from the command line"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("map_id", name=op.f("pk_field_map")),
    )
