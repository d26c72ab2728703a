"""The migration of sentiment keeps what was stored, and can be taken back."""

import pytest
from alembic import command
from sqlalchemy import text

from app.core.database import engine
from app.core.init_db import alembic_config, migrate

STORED = """
INSERT INTO sentiment_data (symbol, source, text, sentiment_score, external_id, scorer_hash)
VALUES ('BTC', 'reddit', 'real', 0.5, 'a', 'h'), ('SYNTHETIC', 'synthetic', 'made', 0.1, 'b', 'h')
"""


@pytest.mark.usefixtures("empty_database_url")
def test_old_rows_stay_and_the_generated_ones_are_marked_as_made_up() -> None:
    with engine.connect() as connection:
        migrate(connection, "0007")
        connection.execute(text(STORED))
        connection.commit()
        migrate(connection)
        rows = connection.execute(
            text("SELECT text, synthetic, kind, weight FROM sentiment_data ORDER BY 1")
        ).all()
        assert [tuple(row) for row in rows] == [
            ("made", True, None, None),
            ("real", False, None, None),
        ]


@pytest.mark.usefixtures("empty_database_url")
def test_taking_it_back_leaves_the_tables_as_before_and_no_made_up_text_unmarked() -> None:
    columns = text(
        "SELECT table_name, column_name, data_type FROM information_schema.columns "
        "WHERE table_schema = 'public' ORDER BY 1, 2"
    )
    with engine.connect() as connection:
        migrate(connection, "0007")
        before = connection.execute(columns).all()
        connection.commit()
        migrate(connection)
        connection.execute(text(STORED))
        connection.execute(
            text("INSERT INTO sentiment_data (source, text, synthetic) VALUES ('x', 'press', true)")
        )
        connection.commit()
        command.downgrade(alembic_config(connection), "0007")
        connection.commit()
        assert connection.execute(columns).all() == before
        kept = connection.scalars(text("SELECT text FROM sentiment_data ORDER BY 1")).all()
        assert kept == ["made", "real"]
        migrate(connection)
