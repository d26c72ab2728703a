import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from app import models
from app.core.database import engine
from app.core.init_db import init_db, verify_database_connection
from app.models.base import Base


@pytest.mark.usefixtures("empty_database_url")
def test_migrations_make_exactly_the_tables_the_models_describe() -> None:
    init_db()
    assert models.__all__
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    assert verify_database_connection()


@pytest.mark.usefixtures("empty_database_url")
def test_init_twice_changes_nothing() -> None:
    init_db()
    init_db()
    assert verify_database_connection()
