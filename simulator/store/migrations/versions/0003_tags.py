"""Tags of services; workspaces as columns"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

WORKSPACE_PLACES = {"service": "$.request.workspace_id", "model": "$.workspace_id"}
"""Where the document of each table's rows has the workspace."""


def upgrade() -> None:
    for table, place in WORKSPACE_PLACES.items():
        op.add_column(
            table, sa.Column("workspace_id", sa.String(), nullable=False, server_default="0")
        )
        op.execute(
            f"UPDATE {table} SET workspace_id = coalesce(json_extract(document, '{place}'), '0')"
        )
    op.create_table(
        "tag",
        sa.Column("service_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["service.service_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("service_id", "key"),
    )


def downgrade() -> None:
    op.drop_table("tag")
    for table in WORKSPACE_PLACES:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column("workspace_id")
