"""The first version of the store."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | Sequence[str] | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the store one step forward."""
    op.create_table(
        "account",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False, comment="see central.core.rights"),
        sa.Column("orgs", sa.JSON(), nullable=False, comment="organisations whose records this account may see"),
        sa.Column(
            "employer_id", sa.Text(), nullable=True, comment="of the role employer: the one whose workers it may see"
        ),
        sa.Column("medic_id", sa.Text(), nullable=True, comment="of medics: the entry in the register of medics"),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column(
            "totp_sealed",
            sa.LargeBinary(),
            nullable=True,
            comment="secret of the second factor, AES-256-GCM; empty = not set up",
        ),
        sa.Column(
            "totp_last_step",
            sa.BigInteger(),
            nullable=True,
            comment="30-second step of the last code taken: each code works once",
        ),
        sa.Column(
            "factor_due_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="until when a second factor that is demanded may still be set up",
        ),
        sa.Column("failed_logins", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_login_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_account")),
        sa.UniqueConstraint("username", name=op.f("uq_account_username")),
    )
    op.create_table(
        "alert",
        sa.Column("alert_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("employer_id", sa.Text(), nullable=False),
        sa.Column("exam_id", sa.Text(), nullable=False),
        sa.Column("decision_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="intoxication, taken_back"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("alert_id", name=op.f("pk_alert")),
    )
    with op.batch_alter_table("alert", schema=None) as batch_op:
        batch_op.create_index("ix_alert_employer_id_created_at", ["employer_id", "created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_alert_exam_id"), ["exam_id"], unique=False)

    op.create_table(
        "anomaly",
        sa.Column("anomaly_id", sa.Text(), nullable=False),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="oversized, malformed, wrong_signature, gap, broken_chain, replay …",
        ),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("terminal_id", sa.Text(), nullable=True, comment="whom the topic names; not necessarily who sent it"),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("first_seq", sa.BigInteger(), nullable=True, comment="of a gap: the first missing one"),
        sa.Column("last_seq", sa.BigInteger(), nullable=True),
        sa.Column("times", sa.Integer(), nullable=False, comment="how often the same came within the hour"),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "resolved_at", sa.DateTime(timezone=True), nullable=True, comment="of a gap: when the missing ones had come"
        ),
        sa.PrimaryKeyConstraint("anomaly_id", name=op.f("pk_anomaly")),
    )
    with op.batch_alter_table("anomaly", schema=None) as batch_op:
        batch_op.create_index("ix_anomaly_last_at", ["last_at"], unique=False)
        batch_op.create_index("ix_anomaly_terminal_id_kind", ["terminal_id", "kind"], unique=False)

    op.create_table(
        "api_key",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("employer_id", sa.Text(), nullable=False, comment="whose workers the key may ask about"),
        sa.Column("name", sa.Text(), nullable=False, comment="which program uses it"),
        sa.Column("secret_sha256", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("secret_sha256", name=op.f("uq_api_key_secret_sha256")),
    )
    op.create_table(
        "audit",
        sa.Column("audit_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=True, comment="empty before login"),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False, comment="id of the exam, worker, account …"),
        sa.Column("org", sa.Text(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("audit_id", name=op.f("pk_audit")),
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.create_index("ix_audit_account_id_at", ["account_id", "at"], unique=False)
        batch_op.create_index("ix_audit_action_at", ["action", "at"], unique=False)
        batch_op.create_index("ix_audit_at", ["at"], unique=False)
        batch_op.create_index("ix_audit_subject_at", ["subject", "at"], unique=False)

    op.create_table(
        "claim",
        sa.Column("exam_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("exam_id", name=op.f("pk_claim")),
    )
    op.create_table(
        "decision",
        sa.Column("decision_id", sa.Text(), nullable=False),
        sa.Column("exam_id", sa.Text(), nullable=False),
        sa.Column("exam_message_id", sa.Text(), nullable=False),
        sa.Column("exam_revision", sa.Integer(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("worker_id", sa.Text(), nullable=True),
        sa.Column("medic_id", sa.Text(), nullable=False),
        sa.Column("medic_name", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False, comment="codes of the reference book"),
        sa.Column("corrects", sa.Text(), nullable=True, comment="the decision that this one corrects"),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "record", sa.LargeBinary(), nullable=False, comment="canonical JSON, exactly the bytes that are signed"
        ),
        sa.Column("cms", sa.LargeBinary(), nullable=False, comment="detached CMS over `record`, DER"),
        sa.Column("certificate_serial", sa.Text(), nullable=False),
        sa.Column(
            "trail", sa.JSON(), nullable=False, comment="who decided from where: account, session's beginning, address"
        ),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_decision")),
    )
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.create_index("ix_decision_decided_at", ["decided_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_decision_exam_id"), ["exam_id"], unique=False)
        batch_op.create_index("ix_decision_org_decided_at", ["org", "decided_at"], unique=False)
        batch_op.create_index("ix_decision_medic_id_decided_at", ["medic_id", "decided_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_decision_worker_id"), ["worker_id"], unique=False)
        batch_op.create_index(
            "uq_decision_corrects",
            ["corrects"],
            unique=True,
            sqlite_where=sa.text("corrects IS NOT NULL"),
            postgresql_where=sa.text("corrects IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_decision_first",
            ["exam_message_id"],
            unique=True,
            sqlite_where=sa.text("corrects IS NULL"),
            postgresql_where=sa.text("corrects IS NULL"),
        )

    op.create_table(
        "exam",
        sa.Column("exam_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("terminal_id", sa.Text(), nullable=False),
        sa.Column("employer_id", sa.Text(), nullable=True, comment="empty when nobody was identified"),
        sa.Column("worker_id", sa.Text(), nullable=True),
        sa.Column("exam_type", sa.Text(), nullable=False),
        sa.Column("generation", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="waiting, decided, unfinished"),
        sa.Column("end_reason", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False, comment="of the current revision"),
        sa.Column(
            "first_received_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="of the revision that came first; waiting counts from it",
        ),
        sa.Column("suggestion", sa.Text(), nullable=False, comment="what the rules suggest, never a decision"),
        sa.Column("has_deviation", sa.Boolean(), nullable=False, comment="a finding of the rules, or a complaint"),
        sa.Column(
            "payload", sa.JSON(), nullable=False, comment="sync.contract.exam.ExamRecord of the current revision"
        ),
        sa.Column("message_id", sa.Text(), nullable=False, comment="the message of the current revision"),
        sa.Column("message_sha256", sa.Text(), nullable=False),
        sa.Column("decision_id", sa.Text(), nullable=True, comment="the decision in force on the current revision"),
        sa.Column("outcome", sa.Text(), nullable=True, comment="its outcome"),
        sa.Column("medic_id", sa.Text(), nullable=True, comment="who took it"),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("exam_id", name=op.f("pk_exam")),
    )
    with op.batch_alter_table("exam", schema=None) as batch_op:
        batch_op.create_index(
            "ix_exam_employer_id_finished_at", ["employer_id", "finished_at", "state", "org"], unique=False
        )
        batch_op.create_index("ix_exam_org_exam_type_finished_at", ["org", "exam_type", "finished_at", "state"])
        batch_op.create_index("ix_exam_org_finished_at", ["org", "finished_at", "state"], unique=False)
        batch_op.create_index(
            "ix_exam_org_finished_at_deviation",
            ["org", "finished_at", "state"],
            unique=False,
            sqlite_where=sa.text("has_deviation IS 1"),
            postgresql_where=sa.text("has_deviation IS true"),
        )
        batch_op.create_index(
            "ix_exam_org_medic_id_finished_at",
            ["org", "medic_id", "finished_at", "state"],
            unique=False,
            sqlite_where=sa.text("medic_id IS NOT NULL"),
            postgresql_where=sa.text("medic_id IS NOT NULL"),
        )
        batch_op.create_index("ix_exam_org_outcome_finished_at", ["org", "outcome", "finished_at", "state"])
        batch_op.create_index("ix_exam_org_terminal_id_finished_at", ["org", "terminal_id", "finished_at", "state"])
        batch_op.create_index("ix_exam_received_at", ["received_at"], unique=False)
        batch_op.create_index("ix_exam_state_first_received_at", ["state", "first_received_at"], unique=False)
        batch_op.create_index("ix_exam_worker_id_finished_at", ["worker_id", "finished_at"], unique=False)

    op.create_table(
        "media",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("exam_id", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("chunk_count", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True, comment="known once complete"),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "completed_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="empty until every chunk has come and the hash is right",
        ),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_media")),
    )
    with op.batch_alter_table("media", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_media_exam_id"), ["exam_id"], unique=False)

    op.create_table(
        "media_chunk",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("chunk_index", sa.Integer(), nullable=False),
        sa.Column("chunk_sha256", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", "chunk_index", name=op.f("pk_media_chunk")),
    )
    op.create_table(
        "message",
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("terminal_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("prev_hash", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False, comment="of the bytes as they came, signature included"),
        sa.Column("kind", sa.Text(), nullable=False, comment="exam, media, health, ack"),
        sa.Column("schema", sa.Text(), nullable=False),
        sa.Column(
            "wire",
            sa.LargeBinary(),
            nullable=True,
            comment="exact bytes; empty for media (files named by their hash) and health (the newest is kept apart)",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, comment="the sender's clock"),
        sa.Column("clock_trusted", sa.Boolean(), nullable=False),
        sa.Column("clock_offset_s", sa.Float(), nullable=False, comment="received_at minus created_at"),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_message")),
    )
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index("ix_message_terminal_id_seq", ["terminal_id", "seq"], unique=False)

    op.create_table(
        "notice",
        sa.Column("notice_id", sa.Text(), nullable=False),
        sa.Column("alert_id", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.Text(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="queued, delivered, failed"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("notice_id", name=op.f("pk_notice")),
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notice_alert_id"), ["alert_id"], unique=False)
        batch_op.create_index("ix_notice_state_next_at", ["state", "next_at"], unique=False)

    op.create_table(
        "notice_channel",
        sa.Column("channel_id", sa.Text(), nullable=False),
        sa.Column("employer_id", sa.Text(), nullable=True, comment="of those that tell an employer"),
        sa.Column(
            "org",
            sa.Text(),
            nullable=True,
            comment="of those that tell of security: the organisation whose accounts they are",
        ),
        sa.Column("kind", sa.Text(), nullable=False, comment="email or webhook"),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column(
            "secret_sealed", sa.LargeBinary(), nullable=True, comment="of webhooks: key of the HMAC over the body"
        ),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel_id", name=op.f("pk_notice_channel")),
    )
    with op.batch_alter_table("notice_channel", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notice_channel_employer_id"), ["employer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_notice_channel_org"), ["org"], unique=False)

    op.create_table(
        "organisation",
        sa.Column("org", sa.Text(), nullable=False, comment="name in topics: sync.contract.model.Name"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "licence", sa.Text(), nullable=False, comment="number, date and works of the medical licence; empty = none"
        ),
        sa.Column("licence_until", sa.Date(), nullable=True, comment="last day of the licence; empty = no term"),
        sa.Column("oid", sa.Text(), nullable=True, comment="OID in the federal register of medical organisations"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("org", name=op.f("pk_organisation")),
    )
    op.create_table(
        "paper",
        sa.Column("paper_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="mark, refusal, sobriety, conclusion"),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="counted per organisation, kind and year"),
        sa.Column("exam_id", sa.Text(), nullable=False),
        sa.Column("decision_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False, comment="random; leads to the public check page"),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_by", sa.Text(), nullable=False, comment="account"),
        sa.Column("prints", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("paper_id", name=op.f("pk_paper")),
        sa.UniqueConstraint("code", name=op.f("uq_paper_code")),
        sa.UniqueConstraint("decision_id", "kind", name=op.f("uq_paper_decision_id_kind")),
        sa.UniqueConstraint("org", "kind", "year", "number", name=op.f("uq_paper_org_kind_year_number")),
    )
    with op.batch_alter_table("paper", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_paper_exam_id"), ["exam_id"], unique=False)
        batch_op.create_index("ix_paper_org_kind_issued_at", ["org", "kind", "issued_at"], unique=False)

    op.create_table(
        "recovery_code",
        sa.Column("code_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("code_sha256", sa.Text(), nullable=False, comment="of salt and digits"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("code_id", name=op.f("pk_recovery_code")),
    )
    with op.batch_alter_table("recovery_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recovery_code_account_id"), ["account_id"], unique=False)

    op.create_table(
        "security_alert",
        sa.Column("alert_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="mass_export, card_reads, account_locked, odd_hour"),
        sa.Column("subject", sa.Text(), nullable=False, comment="account, or key of a program"),
        sa.Column("count", sa.Integer(), nullable=False, comment="rows, examinations or entries of the access log"),
        sa.Column(
            "last_audit_id", sa.Text(), nullable=False, comment="newest entry of the access log that it rests on"
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True, comment="when a channel had taken it"),
        sa.PrimaryKeyConstraint("alert_id", name=op.f("pk_security_alert")),
        sa.UniqueConstraint(
            "org", "kind", "subject", "last_audit_id", name=op.f("uq_security_alert_org_kind_subject_last_audit_id")
        ),
    )
    with op.batch_alter_table("security_alert", schema=None) as batch_op:
        batch_op.create_index("ix_security_alert_org_created_at", ["org", "created_at"], unique=False)

    op.create_table(
        "seal",
        sa.Column("seal_no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="the sealed table"),
        sa.Column("rows", sa.JSON(), nullable=False, comment="key and SHA-256 of each row"),
        sa.Column(
            "newest_row",
            sa.Text(),
            nullable=False,
            comment="the highest key or time among them: where the next look begins",
        ),
        sa.Column("prev_hash", sa.Text(), nullable=False, comment="of the seal before this one"),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "signature", sa.LargeBinary(), nullable=False, comment="Ed25519 of the centre over all other columns"
        ),
        sa.PrimaryKeyConstraint("seal_no", name=op.f("pk_seal")),
    )
    with op.batch_alter_table("seal", schema=None) as batch_op:
        batch_op.create_index("ix_seal_kind_newest_row", ["kind", "newest_row"], unique=False)

    op.create_table(
        "session",
        sa.Column("session_id", sa.Text(), nullable=False, comment="SHA-256 of the cookie's random token"),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("csrf_token", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column(
            "draft", sa.JSON(), nullable=True, comment="what was typed when a page had to be left: path and fields"
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_session")),
    )
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_session_account_id"), ["account_id"], unique=False)

    op.create_table(
        "employer",
        sa.Column("employer_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("inn", sa.Text(), nullable=True),
        sa.Column("okved", sa.Text(), nullable=True, comment="main activity, OKVED 2"),
        sa.Column("region_code", sa.Text(), nullable=True, comment="subject of the Russian Federation"),
        sa.Column("alert_contact", sa.Text(), nullable=True, comment="who is told at once about signs of intoxication"),
        sa.Column("limits", sa.JSON(), nullable=False, comment="entries of the limits file with source employer"),
        sa.Column(
            "archived_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="no longer served; kept for the journal",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["org"], ["organisation.org"], name=op.f("fk_employer_org_organisation")),
        sa.PrimaryKeyConstraint("employer_id", name=op.f("pk_employer")),
    )
    with op.batch_alter_table("employer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_employer_org"), ["org"], unique=False)

    op.create_table(
        "limit_entry",
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False, comment="organisation or employer"),
        sa.Column("subject", sa.Text(), nullable=False, comment="employer_id; empty for the organisation"),
        sa.Column("parameter", sa.Text(), nullable=False),
        sa.Column("low", sa.Float(), nullable=True),
        sa.Column("high", sa.Float(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["org"], ["organisation.org"], name=op.f("fk_limit_entry_org_organisation")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_limit_entry")),
    )
    with op.batch_alter_table("limit_entry", schema=None) as batch_op:
        batch_op.create_index("ix_limit_entry_org_parameter", ["org", "parameter"], unique=False)

    op.create_table(
        "medic",
        sa.Column("medic_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("education", sa.Text(), nullable=False, comment="higher or secondary medical; empty = not on record"),
        sa.Column(
            "accreditation_until",
            sa.Date(),
            nullable=True,
            comment="end of the specialist certificate or accreditation",
        ),
        sa.Column("training_hours", sa.Integer(), nullable=False, comment="additional course for remote exams"),
        sa.Column("training_at", sa.Date(), nullable=True),
        sa.Column(
            "federal_register_at", sa.Date(), nullable=True, comment="seen in the federal register of medical staff"
        ),
        sa.Column("certificate_pem", sa.LargeBinary(), nullable=False),
        sa.Column("key_provider", sa.Text(), nullable=False, comment="software, gost or pkcs11"),
        sa.Column(
            "encrypted_key",
            sa.LargeBinary(),
            nullable=True,
            comment="keys of software and gost, see central.signature.software",
        ),
        sa.Column("token_label", sa.Text(), nullable=True, comment="PKCS#11: label of token and key"),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["org"], ["organisation.org"], name=op.f("fk_medic_org_organisation")),
        sa.PrimaryKeyConstraint("medic_id", name=op.f("pk_medic")),
    )
    with op.batch_alter_table("medic", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_medic_org"), ["org"], unique=False)

    op.create_table(
        "terminal",
        sa.Column("terminal_id", sa.Text(), nullable=False, comment="also the common name of its certificate"),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column(
            "public_key", sa.Text(), nullable=True, comment="raw Ed25519 public key, base64; empty until enrolled"
        ),
        sa.Column("state", sa.Text(), nullable=False, comment="new, enrolled or revoked"),
        sa.Column("head_seq", sa.BigInteger(), nullable=False, comment="highest seq received"),
        sa.Column("head_hash", sa.Text(), nullable=False),
        sa.Column(
            "gap_from",
            sa.BigInteger(),
            nullable=True,
            comment="lowest seq that had not come when a later one did; empty = none is missing",
        ),
        sa.Column("gap_since", sa.DateTime(timezone=True), nullable=True, comment="when that was noticed"),
        sa.Column("down_seq", sa.BigInteger(), nullable=False, comment="seq of the last message queued for it"),
        sa.Column("down_hash", sa.Text(), nullable=False),
        sa.Column("roster_version", sa.Integer(), nullable=False),
        sa.Column(
            "link", sa.Text(), nullable=False, comment="unknown, online or offline, from its status and last will"
        ),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.JSON(), nullable=True, comment="last sync.contract.health.TerminalStatus"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["org"], ["organisation.org"], name=op.f("fk_terminal_org_organisation")),
        sa.PrimaryKeyConstraint("terminal_id", name=op.f("pk_terminal")),
    )
    with op.batch_alter_table("terminal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_terminal_org"), ["org"], unique=False)

    op.create_table(
        "centre_outbox",
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("terminal_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("prev_hash", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="decision, roster, reference, command, photo"),
        sa.Column("wire", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="queued, sent, acked, refused, superseded"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refusal_code", sa.Text(), nullable=True, comment="why the terminal refused it"),
        sa.Column("refusal_reason", sa.Text(), nullable=True),
        sa.Column("resent_as", sa.Text(), nullable=True, comment="message that carries the same once more"),
        sa.ForeignKeyConstraint(
            ["terminal_id"], ["terminal.terminal_id"], name=op.f("fk_centre_outbox_terminal_id_terminal")
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_centre_outbox")),
        sa.UniqueConstraint("terminal_id", "seq", name=op.f("uq_centre_outbox_terminal_id_seq")),
    )
    with op.batch_alter_table("centre_outbox", schema=None) as batch_op:
        batch_op.create_index("ix_centre_outbox_state_created_at", ["state", "created_at"], unique=False)
        batch_op.create_index("ix_centre_outbox_terminal_id_state", ["terminal_id", "state"], unique=False)

    op.create_table(
        "device",
        sa.Column("terminal_id", sa.Text(), nullable=False),
        sa.Column("device_id", sa.Text(), nullable=False),
        sa.Column("measures", sa.Text(), nullable=False),
        sa.Column("maker", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("verified_until", sa.Text(), nullable=True, comment="ISO date of the end of its verification"),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["terminal_id"], ["terminal.terminal_id"], name=op.f("fk_device_terminal_id_terminal")),
        sa.PrimaryKeyConstraint("terminal_id", "device_id", name=op.f("pk_device")),
    )
    op.create_table(
        "enrolment_code",
        sa.Column("code_id", sa.Text(), nullable=False, comment="the first group of the code"),
        sa.Column("terminal_id", sa.Text(), nullable=False),
        sa.Column(
            "key", sa.LargeBinary(), nullable=False, comment="SHA-256 of the code; worthless once used or expired"
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["terminal_id"], ["terminal.terminal_id"], name=op.f("fk_enrolment_code_terminal_id_terminal")
        ),
        sa.PrimaryKeyConstraint("code_id", name=op.f("pk_enrolment_code")),
    )
    op.create_table(
        "terminal_certificate",
        sa.Column("serial", sa.Text(), nullable=False, comment="hexadecimal"),
        sa.Column("terminal_id", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["terminal_id"], ["terminal.terminal_id"], name=op.f("fk_terminal_certificate_terminal_id_terminal")
        ),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_terminal_certificate")),
    )
    with op.batch_alter_table("terminal_certificate", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_terminal_certificate_terminal_id"), ["terminal_id"], unique=False)

    op.create_table(
        "terminal_key",
        sa.Column("terminal_id", sa.Text(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False, comment="every key that the terminal ever enrolled with"),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["terminal_id"], ["terminal.terminal_id"], name=op.f("fk_terminal_key_terminal_id_terminal")
        ),
        sa.PrimaryKeyConstraint("terminal_id", "public_key", name=op.f("pk_terminal_key")),
    )
    op.create_table(
        "worker",
        sa.Column("worker_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("employer_id", sa.Text(), nullable=False),
        sa.Column("personnel_number", sa.Text(), nullable=False),
        sa.Column("cards", sa.JSON(), nullable=False),
        sa.Column("snils_hmac", sa.Text(), nullable=True, comment="keyed hash; the number itself is in snils_sealed"),
        sa.Column(
            "snils_sealed", sa.LargeBinary(), nullable=True, comment="AES-256-GCM: 12 bytes of nonce, ciphertext, tag"
        ),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("sex", sa.Text(), nullable=True, comment="male or female"),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False, comment="active or suspended"),
        sa.Column("remote_allowed", sa.Boolean(), nullable=False),
        sa.Column("block_text", sa.Text(), nullable=False),
        sa.Column("photo_sha256", sa.Text(), nullable=True),
        sa.Column("toxicology_at", sa.Date(), nullable=True, comment="last in-person chemical-toxicological study"),
        sa.Column(
            "archived_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="left; goes down to no terminal, kept for the journal",
        ),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["employer_id"], ["employer.employer_id"], name=op.f("fk_worker_employer_id_employer")),
        sa.ForeignKeyConstraint(["org"], ["organisation.org"], name=op.f("fk_worker_org_organisation")),
        sa.PrimaryKeyConstraint("worker_id", name=op.f("pk_worker")),
        sa.UniqueConstraint("org", "personnel_number", name=op.f("uq_worker_org_personnel_number")),
    )
    with op.batch_alter_table("worker", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_worker_employer_id"), ["employer_id"], unique=False)
        batch_op.create_index(
            "ix_worker_org_full_name",
            ["org", "full_name"],
            unique=False,
            postgresql_ops={"full_name": "text_pattern_ops"},
        )
        batch_op.create_index(batch_op.f("ix_worker_snils_hmac"), ["snils_hmac"], unique=False)

    op.create_table(
        "worker_limit",
        sa.Column("limit_id", sa.Text(), nullable=False),
        sa.Column("worker_id", sa.Text(), nullable=False),
        sa.Column("entry", sa.JSON(), nullable=False, comment="entry of the limits file with source worker"),
        sa.Column("author", sa.Text(), nullable=False, comment="the medic who set it"),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.worker_id"], name=op.f("fk_worker_limit_worker_id_worker")),
        sa.PrimaryKeyConstraint("limit_id", name=op.f("pk_worker_limit")),
    )
    with op.batch_alter_table("worker_limit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_worker_limit_worker_id"), ["worker_id"], unique=False)

    op.create_table(
        "consent_text",
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="health_data, video, biometric_comparison"),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False, comment="the whole text as the worker could read it"),
        sa.Column("sha256", sa.Text(), nullable=False, comment="of the body in UTF-8"),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False, comment="account that entered it"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["org"], ["organisation.org"], name=op.f("fk_consent_text_org_organisation")),
        sa.PrimaryKeyConstraint("org", "kind", "version", name=op.f("pk_consent_text")),
    )
    op.create_table(
        "consent",
        sa.Column("consent_id", sa.Text(), nullable=False),
        sa.Column("worker_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text_version", sa.Text(), nullable=False),
        sa.Column("text_sha256", sa.Text(), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("means", sa.Text(), nullable=False, comment="paper, kiosk, electronic"),
        sa.Column("basis", sa.Text(), nullable=False, comment="legal basis and where the document is kept"),
        sa.Column("author", sa.Text(), nullable=False, comment="account that entered it"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["org", "kind", "text_version"],
            ["consent_text.org", "consent_text.kind", "consent_text.version"],
            name=op.f("fk_consent_org_kind_text_version_consent_text"),
        ),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.worker_id"], name=op.f("fk_consent_worker_id_worker")),
        sa.PrimaryKeyConstraint("consent_id", name=op.f("pk_consent")),
    )
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consent_worker_id"), ["worker_id"], unique=False)

    op.create_table(
        "consent_withdrawal",
        sa.Column("consent_id", sa.Text(), nullable=False),
        sa.Column("withdrawn_on", sa.Date(), nullable=False),
        sa.Column("means", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False, comment="the worker's statement and where it is kept"),
        sa.Column("author", sa.Text(), nullable=False, comment="account that entered it"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["consent_id"], ["consent.consent_id"], name=op.f("fk_consent_withdrawal_consent_id_consent")
        ),
        sa.PrimaryKeyConstraint("consent_id", name=op.f("pk_consent_withdrawal")),
    )
    op.create_table(
        "terminal_health",
        sa.Column("terminal_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False, comment="of the report; an older one changes nothing"),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False, comment="the terminal's clock"),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "roster_version", sa.Integer(), nullable=False, comment="of the list in force there; 0 = it has none"
        ),
        sa.Column("report", sa.JSON(), nullable=False, comment="sync.contract.health.HealthReport"),
        sa.ForeignKeyConstraint(
            ["terminal_id"], ["terminal.terminal_id"], name=op.f("fk_terminal_health_terminal_id_terminal")
        ),
        sa.PrimaryKeyConstraint("terminal_id", name=op.f("pk_terminal_health")),
    )
    op.create_table(
        "outage",
        sa.Column("outage_id", sa.Text(), nullable=False),
        sa.Column("terminal_id", sa.Text(), nullable=False),
        sa.Column("device_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False, comment="the terminal's clock"),
        sa.Column(
            "ended_at", sa.DateTime(timezone=True), nullable=True, comment="when a report said that it works again"
        ),
        sa.ForeignKeyConstraint(["terminal_id"], ["terminal.terminal_id"], name=op.f("fk_outage_terminal_id_terminal")),
        sa.PrimaryKeyConstraint("outage_id", name=op.f("pk_outage")),
    )
    with op.batch_alter_table("outage", schema=None) as batch_op:
        batch_op.create_index("ix_outage_terminal_id_began_at", ["terminal_id", "began_at"], unique=False)

    op.create_table(
        "worker_face",
        sa.Column("terminal_id", sa.Text(), nullable=False),
        sa.Column("worker_id", sa.Text(), nullable=False),
        sa.Column("photo_sha256", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Text(),
            nullable=False,
            comment="wanted, sent, not_sent; told by the terminal: taken, refused, deleted",
        ),
        sa.Column("reason", sa.Text(), nullable=False, comment="of not_sent: no_consent, other_photo, no_file"),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False, comment="of refused: codes of what to change"),
        sa.Column("legal_basis", sa.Text(), nullable=False, comment="as the terminal's configuration names it"),
        sa.Column("seq", sa.BigInteger(), nullable=False, comment="of the report; an older one changes nothing"),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False, comment="by the terminal's clock"),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["terminal_id"], ["terminal.terminal_id"], name=op.f("fk_worker_face_terminal_id_terminal")
        ),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.worker_id"], name=op.f("fk_worker_face_worker_id_worker")),
        sa.PrimaryKeyConstraint("terminal_id", "worker_id", name=op.f("pk_worker_face")),
    )
    with op.batch_alter_table("worker_face", schema=None) as batch_op:
        batch_op.create_index("ix_worker_face_state", ["state"], unique=False)

    op.create_table(
        "register_change",
        sa.Column("change_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column(
            "kind", sa.Text(), nullable=False, comment="register: workers, employers, medics, devices, organisations"
        ),
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=True, comment="empty: from the command line"),
        sa.Column("action", sa.Text(), nullable=False, comment="create, change, archive, restore"),
        sa.Column("fields", sa.JSON(), nullable=False, comment="name: [before, after]; secrets without values"),
        sa.ForeignKeyConstraint(["org"], ["organisation.org"], name=op.f("fk_register_change_org_organisation")),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_register_change")),
    )
    with op.batch_alter_table("register_change", schema=None) as batch_op:
        batch_op.create_index("ix_register_change_entry_id_at", ["entry_id", "at"], unique=False)
        batch_op.create_index("ix_register_change_org_at", ["org", "at", "change_id"], unique=False)
        batch_op.create_index("ix_register_change_org_kind_at", ["org", "kind", "at", "change_id"], unique=False)
        batch_op.create_index(
            "ix_register_change_org_account_id_at", ["org", "account_id", "at", "change_id"], unique=False
        )

    op.create_table(
        "instrument",
        sa.Column("instrument_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("terminal_id", sa.Text(), nullable=True, comment="empty: not in use"),
        sa.Column(
            "measures", sa.Text(), nullable=False, comment="step of the exam: temperature, pressure, breath, oximetry"
        ),
        sa.Column("maker", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column(
            "registration_number",
            sa.Text(),
            nullable=False,
            comment="state registration as a medical device; empty = none",
        ),
        sa.Column("verified_at", sa.Date(), nullable=True, comment="last verification (poverka)"),
        sa.Column("verified_until", sa.Date(), nullable=True),
        sa.Column(
            "verification_number",
            sa.Text(),
            nullable=False,
            comment="number of the entry in the verification register",
        ),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["org"], ["organisation.org"], name=op.f("fk_instrument_org_organisation")),
        sa.ForeignKeyConstraint(
            ["terminal_id"], ["terminal.terminal_id"], name=op.f("fk_instrument_terminal_id_terminal")
        ),
        sa.PrimaryKeyConstraint("instrument_id", name=op.f("pk_instrument")),
        sa.UniqueConstraint("org", "model", "serial", name=op.f("uq_instrument_org_model_serial")),
    )
    with op.batch_alter_table("instrument", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_instrument_terminal_id"), ["terminal_id"], unique=False)

    op.create_table(
        "job",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False, comment="who asked; nobody else sees it"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "state", sa.Text(), nullable=False, comment="queued, running, done, failed, cancelled, lost, expired"
        ),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("rows_total", sa.Integer(), nullable=True, comment="empty until counted"),
        sa.Column("rows_done", sa.Integer(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False, comment="counts and codes; never names or values"),
        sa.Column(
            "file_name",
            sa.Text(),
            nullable=False,
            comment="under which the result is downloaded; empty without a file",
        ),
        sa.Column("runner", sa.Text(), nullable=False, comment="the process that runs it"),
        sa.Column("cancel_asked", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True, comment="last sign of life of the runner"),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, comment="when its files are deleted"),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_job")),
    )
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.create_index("ix_job_account_id_created_at", ["account_id", "created_at"], unique=False)
        batch_op.create_index("ix_job_state_created_at", ["state", "created_at"], unique=False)

    op.create_table(
        "ground",
        sa.Column("ground_id", sa.Text(), nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("worker_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="periodic, psychiatric, narcology, toxicology, other"),
        sa.Column("at", sa.Date(), nullable=False, comment="day of the examination or of the entry"),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("finding", sa.Text(), nullable=False, comment="fit, restricted, unfit, none"),
        sa.Column("blocks_remote", sa.Boolean(), nullable=False, comment="the source says: in person only"),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False, comment="which register it comes from"),
        sa.Column("sha256", sa.Text(), nullable=False, comment="of the row; the same row twice changes nothing"),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.Text(), nullable=True, comment="account; empty: from the command line"),
        sa.ForeignKeyConstraint(["org"], ["organisation.org"], name=op.f("fk_ground_org_organisation")),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.worker_id"], name=op.f("fk_ground_worker_id_worker")),
        sa.PrimaryKeyConstraint("ground_id", name=op.f("pk_ground")),
        sa.UniqueConstraint("worker_id", "sha256", name=op.f("uq_ground_worker_id_sha256")),
    )

    op.create_table(
        "column_set",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.account_id"], name=op.f("fk_column_set_account_id_account")),
        sa.PrimaryKeyConstraint("account_id", "name", name=op.f("pk_column_set")),
    )
