"""Apps, their codes, the APIs of services, and which app may call which"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "app",
        sa.Column("app_id", sa.String(), nullable=False),
        sa.Column("project_id", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("remark", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("created_at", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("app_id"),
        sa.UniqueConstraint("project_id", "name"),
        sa.UniqueConstraint("key"),
    )
    op.create_table(
        "app_code",
        sa.Column("code_id", sa.Integer(), nullable=False),
        sa.Column("app_id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["app_id"], ["app.app_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("code_id"),
        sa.UniqueConstraint("code"),
    )
    op.create_index("ix_app_code_app_id", "app_code", ["app_id"])
    op.create_table(
        "service_api",
        sa.Column("api_id", sa.String(), nullable=False),
        sa.Column("service_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("auth", sa.String(), nullable=False),
        sa.Column("takes_codes", sa.Boolean(), nullable=False),
        sa.Column("remark", sa.String(), nullable=False),
        sa.Column("created_at", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["service.service_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("api_id"),
        sa.UniqueConstraint("service_id", "auth"),
    )
    op.create_table(
        "app_grant",
        sa.Column("grant_id", sa.String(), nullable=False),
        sa.Column("api_id", sa.String(), nullable=False),
        sa.Column("app_id", sa.String(), nullable=False),
        sa.Column("created_at", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["api_id"], ["service_api.api_id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["app_id"], ["app.app_id"]),
        sa.PrimaryKeyConstraint("grant_id"),
        sa.UniqueConstraint("api_id", "app_id"),
    )
    op.create_index("ix_app_grant_app_id", "app_grant", ["app_id"])


def downgrade() -> None:
    op.drop_table("app_grant")
    op.drop_table("service_api")
    op.drop_table("app_code")
    op.drop_table("app")
