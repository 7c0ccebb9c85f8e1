"""Transitions that are held; events of models; jobs; how requests are routed"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "service", sa.Column("released", sa.Boolean(), nullable=False, server_default="0")
    )
    op.add_column("service", sa.Column("job", sa.JSON(), nullable=True))
    op.add_column("service", sa.Column("work", sa.JSON(), nullable=True))
    op.add_column(
        "service", sa.Column("routing", sa.JSON(), nullable=False, server_default="{}")
    )
    op.execute(
        "UPDATE service SET previous = json_object("
        "'document', json(previous), 'routing', json('{}')) WHERE previous != '{}'"
    )
    op.execute(
        "UPDATE service SET routing = json_object("
        "'requests_per_s', json_extract(document, '$.requests_per_s')) "
        "WHERE json_extract(document, '$.requests_per_s') IS NOT NULL"
    )
    op.create_table(
        "model_event",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("model_id", sa.String(), nullable=False),
        sa.Column("at", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["model.model_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("event_id"),
    )
    op.create_index("event_by_model", "model_event", ["model_id"])
    op.create_table(
        "task",
        sa.Column("service_id", sa.String(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("checkpoint", sa.JSON(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("began_at", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["service_id"], ["service.service_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("service_id", "run"),
    )


def downgrade() -> None:
    op.drop_table("task")
    op.drop_table("model_event")
    op.execute("UPDATE service SET previous = json_extract(previous, '$.document') WHERE previous != '{}'")
    with op.batch_alter_table("service", schema=None) as batch_op:
        for column in ("released", "job", "work", "routing"):
            batch_op.drop_column(column)
