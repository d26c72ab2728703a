"""Schema migrations (alembic), part of the wheel."""
