"""What a paper session needs to go on after a restart."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("ALTER TABLE paper_sessions ADD COLUMN as_of TIMESTAMPTZ, ADD COLUMN state JSONB")
