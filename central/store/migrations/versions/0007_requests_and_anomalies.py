"""Certificate requests are good once; anomalies belong to an organisation where there is one; no count of wrong proofs."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | Sequence[str] | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_ORG_OF_SENDER = sa.text(
    "UPDATE anomaly SET org = (SELECT org FROM terminal WHERE terminal.terminal_id = anomaly.terminal_id)"
)
# Of senders that nobody has registered: the organisation of the topic, where it is one of ours.
_ORG_OF_TOPIC = sa.text(
    "UPDATE anomaly SET org = (SELECT org FROM organisation WHERE anomaly.topic LIKE 'dopusk/1/' || organisation.org || '/%')"
    " WHERE org IS NULL"
)


def upgrade() -> None:
    """Bring the store one step forward."""
    with op.batch_alter_table("enrolment_code", schema=None) as batch_op:
        batch_op.drop_column("failures")
    with op.batch_alter_table("terminal_certificate", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "request_sha256",
                sa.Text(),
                nullable=True,
                comment="of the certificate request; each is good for one certificate",
            )
        )
        batch_op.create_unique_constraint(op.f("uq_terminal_certificate_request_sha256"), ["request_sha256"])
    op.add_column(
        "anomaly", sa.Column("org", sa.Text(), nullable=True, comment="whose it is; empty: of nobody that we know")
    )
    with op.batch_alter_table("anomaly", schema=None) as batch_op:
        batch_op.create_index("ix_anomaly_org_last_at", ["org", "last_at"], unique=False)
    op.execute(_ORG_OF_SENDER)
    op.execute(_ORG_OF_TOPIC)
