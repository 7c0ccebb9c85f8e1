"""Updates, schedules, quotas and metering"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

COLUMNS: dict[str, list[sa.Column[Any]]] = {
    "service": [
        sa.Column("owner", sa.String(), nullable=False, server_default=""),
        sa.Column("next_version", sa.Integer(), nullable=False, server_default="100"),
        sa.Column("fallback", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("stop_after_ms", sa.Integer(), nullable=True),
        sa.Column("due_at", sa.Integer(), nullable=True),
        sa.Column("updated_at", sa.Integer(), nullable=True),
        sa.Column("previous", sa.JSON(), nullable=False, server_default="{}"),
        sa.Column("log_channels", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("subscriptions", sa.JSON(), nullable=False, server_default="[]"),
    ],
    "version": [
        sa.Column("wanted", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("max_surge", sa.Float(), nullable=False, server_default="1"),
        sa.Column("max_unavailable", sa.Float(), nullable=False, server_default="0"),
        sa.Column("replaces", sa.String(), nullable=False, server_default=""),
        sa.Column("pools", sa.JSON(), nullable=False, server_default="[]"),
    ],
    "instance": [
        sa.Column("running_since", sa.Integer(), nullable=True),
        sa.Column("grace_s", sa.Integer(), nullable=False, server_default="240"),
        sa.Column("pool", sa.String(), nullable=False, server_default=""),
        sa.Column("node", sa.String(), nullable=False, server_default=""),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
    ],
}
"""What each table gets. Versions of services from before are numbered up to 99 at most."""


def upgrade() -> None:
    for table, columns in COLUMNS.items():
        for column in columns:
            op.add_column(table, column)
    op.execute("UPDATE service SET owner = coalesce(json_extract(document, '$.owner'), '')")
    op.create_table(
        "quota",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "pool",
        sa.Column("project_id", sa.String(), nullable=False),
        sa.Column("pool_id", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("generation", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("specification", sa.String(), nullable=False),
        sa.Column("cpus", sa.Float(), nullable=False),
        sa.Column("memory_mib", sa.Integer(), nullable=False),
        sa.Column("gpus", sa.Float(), nullable=False),
        sa.Column("npus", sa.Integer(), nullable=False),
        sa.Column("nodes", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "pool_id"),
    )
    op.create_table(
        "pool_usage",
        sa.Column("usage_id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.String(), nullable=False),
        sa.Column("pool_id", sa.String(), nullable=False),
        sa.Column("specification", sa.String(), nullable=False),
        sa.Column("nodes", sa.Integer(), nullable=False),
        sa.Column("since", sa.Integer(), nullable=False),
        sa.Column("until", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("usage_id"),
    )
    op.create_table(
        "notification",
        sa.Column("notification_id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.String(), nullable=False),
        sa.Column("service_id", sa.String(), nullable=False),
        sa.Column("service_name", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("at", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.Integer(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("notification_id"),
    )
    op.create_index("notification_by_project", "notification", ["project_id", "notification_id"])
    op.create_table(
        "service_update",
        sa.Column("update_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.String(), nullable=False),
        sa.Column("at", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.Integer(), nullable=True),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["service.service_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("update_id"),
    )
    op.create_index("update_by_service", "service_update", ["service_id", "at"])
    op.create_table(
        "usage",
        sa.Column("usage_id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.String(), nullable=False),
        sa.Column("service_id", sa.String(), nullable=False),
        sa.Column("service_name", sa.String(), nullable=False),
        sa.Column("version_id", sa.String(), nullable=False),
        sa.Column("instance_id", sa.String(), nullable=False),
        sa.Column("specification", sa.String(), nullable=False),
        sa.Column("since", sa.Integer(), nullable=False),
        sa.Column("until", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("usage_id"),
    )
    op.create_index("usage_by_project", "usage", ["project_id", "until"])
    op.create_index("usage_by_service", "usage", ["service_id"])


def downgrade() -> None:
    for table in ("usage", "service_update", "notification", "pool_usage", "pool", "quota"):
        op.drop_table(table)
    for table, columns in COLUMNS.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            for column in columns:
                batch_op.drop_column(column.name)
