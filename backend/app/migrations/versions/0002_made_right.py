"""The documented tables made right, and what the corridor needs beyond them.

Times get a zone, money is exact, bars have a time frame, and the rules stand in the database.

Old times are taken as UTC. Old bars without a symbol or time, and all but the newest of bars that
name the same symbol, source and time, are kept in the table ``market_data_rejected``. Old rows that
break a rule stay as they are; only new rows are held to it.
"""

# ruff: noqa: S608 - every name in these statements is written below

from alembic import op
from sqlalchemy import text

revision = "0002"
down_revision = "0001"

_DOCUMENTED = (
    "users", "trading_strategies", "market_data", "sentiment_data", "models", "signals", "trades",
    "alerts",
)  # fmt: skip

_TIMES = {
    "users": ("created_at", "updated_at"),
    "trading_strategies": ("created_at", "updated_at"),
    "market_data": ("timestamp", "created_at"),
    "sentiment_data": ("timestamp", "created_at"),
    "models": ("trained_on", "created_at"),
    "signals": ("timestamp", "created_at"),
    "trades": ("timestamp", "created_at"),
    "alerts": ("timestamp", "created_at"),
}

_NULLABLE_TIMES = {("models", "trained_on"), ("market_data", "timestamp")}

_FLAGS = {
    "users": ("is_active", "true"),
    "trading_strategies": ("is_active", "false"),
    "trades": ("is_paper_trade", "true"),
    "alerts": ("is_read", "false"),
}

_NEW_TABLES = """
CREATE TABLE refresh_tokens (
    id SERIAL PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    family UUID NOT NULL,
    token_hash CHAR(64) NOT NULL UNIQUE,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    expires_at TIMESTAMPTZ NOT NULL,
    rotated_at TIMESTAMPTZ,
    revoked_at TIMESTAMPTZ
);
CREATE INDEX ix_refresh_tokens_user_id ON refresh_tokens (user_id);
CREATE INDEX ix_refresh_tokens_family ON refresh_tokens (family);
CREATE TABLE login_links (
    token_hash CHAR(64) PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ
);
CREATE INDEX ix_login_links_user_id ON login_links (user_id);
CREATE TABLE paper_sessions (
    session_id SERIAL PRIMARY KEY,
    user_id INTEGER REFERENCES users (user_id) ON DELETE SET NULL,
    strategy_id INTEGER REFERENCES trading_strategies (strategy_id),
    model_id INTEGER REFERENCES models (model_id),
    symbol VARCHAR(20) NOT NULL,
    timeframe VARCHAR(12) NOT NULL,
    source VARCHAR(50) NOT NULL,
    kind VARCHAR(10) NOT NULL
        CONSTRAINT paper_sessions_kind_check CHECK (kind IN ('demo', 'up')),
    synthetic BOOLEAN NOT NULL DEFAULT false,
    cash NUMERIC NOT NULL
        CONSTRAINT paper_sessions_cash_check CHECK (cash >= 0 AND cash < 'Infinity'),
    started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    stopped_at TIMESTAMPTZ,
    settings JSONB,
    statistics JSONB
);
CREATE INDEX ix_paper_sessions_user_id ON paper_sessions (user_id);
CREATE INDEX ix_paper_sessions_strategy_id ON paper_sessions (strategy_id);
CREATE INDEX ix_paper_sessions_model_id ON paper_sessions (model_id);
CREATE TABLE equity_snapshots (
    session_id INTEGER NOT NULL REFERENCES paper_sessions (session_id) ON DELETE CASCADE,
    timestamp TIMESTAMPTZ NOT NULL,
    equity NUMERIC NOT NULL,
    cash NUMERIC NOT NULL,
    position NUMERIC NOT NULL,
    price DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (session_id, timestamp)
);
CREATE TABLE bar_snapshots (
    hash CHAR(64) PRIMARY KEY,
    symbol VARCHAR(20) NOT NULL,
    timeframe VARCHAR(12) NOT NULL,
    source VARCHAR(50) NOT NULL,
    first_bar TIMESTAMPTZ NOT NULL,
    last_bar TIMESTAMPTZ NOT NULL,
    n_bars BIGINT NOT NULL,
    path TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX ix_bar_snapshots_series ON bar_snapshots (symbol, timeframe, source);
CREATE TABLE bar_archives (
    archive_id SERIAL PRIMARY KEY,
    symbol VARCHAR(20) NOT NULL,
    timeframe VARCHAR(12) NOT NULL,
    source VARCHAR(50) NOT NULL,
    first_bar TIMESTAMPTZ NOT NULL,
    last_bar TIMESTAMPTZ NOT NULL,
    n_bars BIGINT NOT NULL,
    path TEXT NOT NULL,
    sha256 CHAR(64) NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    restored_at TIMESTAMPTZ
);
CREATE INDEX ix_bar_archives_series ON bar_archives (symbol, timeframe, source);
CREATE TABLE trials (
    trial_id BIGSERIAL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    study VARCHAR(100) NOT NULL,
    data_hash VARCHAR(64),
    parameters JSONB NOT NULL,
    result JSONB NOT NULL
);
CREATE INDEX ix_trials_study ON trials (study);
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON trials
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

_BARS = """
UPDATE market_data SET source = 'unspecified' WHERE source IS NULL;
CREATE TABLE market_data_rejected AS
    SELECT * FROM market_data AS old
    WHERE old.symbol IS NULL OR old.timestamp IS NULL OR EXISTS (
        SELECT 1 FROM market_data AS newer
        WHERE newer.symbol = old.symbol AND newer.source = old.source
            AND newer.timestamp = old.timestamp AND newer.data_id > old.data_id);
DELETE FROM market_data WHERE data_id IN (SELECT data_id FROM market_data_rejected);
ALTER TABLE market_data DROP CONSTRAINT market_data_pkey;
ALTER TABLE market_data ALTER COLUMN data_id DROP DEFAULT;
DROP SEQUENCE IF EXISTS market_data_data_id_seq;
ALTER TABLE market_data
    ADD COLUMN timeframe VARCHAR(12) NOT NULL DEFAULT 'unspecified',
    ALTER COLUMN source SET DEFAULT 'unspecified',
    ALTER COLUMN source SET NOT NULL,
    ALTER COLUMN data_id TYPE BIGINT,
    ALTER COLUMN data_id ADD GENERATED BY DEFAULT AS IDENTITY,
    ADD PRIMARY KEY (symbol, timeframe, source, timestamp);
SELECT setval(pg_get_serial_sequence('market_data', 'data_id'),
    COALESCE((SELECT max(data_id) FROM market_data), 0) + 1, false);
DROP INDEX IF EXISTS ix_market_data_symbol;
DROP INDEX IF EXISTS ix_market_data_timestamp;
CREATE INDEX ix_market_data_timestamp ON market_data USING brin (timestamp);
CREATE INDEX ix_market_data_data_id ON market_data USING brin (data_id);
"""

_COLUMNS = """
ALTER TABLE users
    ADD COLUMN role VARCHAR(20) NOT NULL DEFAULT 'trader',
    ADD COLUMN last_login TIMESTAMPTZ;
ALTER TABLE sentiment_data
    ADD COLUMN external_id VARCHAR(128),
    ADD COLUMN observed_at TIMESTAMPTZ,
    ADD COLUMN scorer VARCHAR(50),
    ADD COLUMN scorer_hash VARCHAR(64),
    ADD COLUMN text_hash VARCHAR(64);
UPDATE sentiment_data SET observed_at = GREATEST(created_at, timestamp);
ALTER TABLE sentiment_data
    ALTER COLUMN observed_at SET DEFAULT now(),
    ALTER COLUMN observed_at SET NOT NULL;
CREATE UNIQUE INDEX uq_sentiment_data_external
    ON sentiment_data (source, symbol, external_id, scorer_hash) NULLS NOT DISTINCT
    WHERE external_id IS NOT NULL;
CREATE INDEX ix_sentiment_data_symbol_timestamp ON sentiment_data (symbol, timestamp);
ALTER TABLE models
    ADD COLUMN label_kind VARCHAR(50),
    ADD COLUMN features JSONB,
    ADD COLUMN data_hash VARCHAR(64),
    ADD COLUMN code_version VARCHAR(64),
    ADD COLUMN artefact_hash VARCHAR(64),
    ADD COLUMN artefact_path TEXT,
    ADD COLUMN gates JSONB,
    ADD COLUMN status VARCHAR(20) NOT NULL DEFAULT 'candidate';
ALTER TABLE signals
    ADD COLUMN timeframe VARCHAR(12),
    ADD COLUMN score DOUBLE PRECISION,
    ADD COLUMN as_of TIMESTAMPTZ,
    ADD COLUMN votes JSONB,
    ADD COLUMN weights JSONB,
    ADD COLUMN vetoes JSONB,
    ADD COLUMN reasons JSONB,
    ADD COLUMN target DOUBLE PRECISION,
    ADD COLUMN session_id INTEGER REFERENCES paper_sessions (session_id);
CREATE UNIQUE INDEX uq_signals_session_bar ON signals (session_id, symbol, timestamp)
    WHERE session_id IS NOT NULL;
ALTER TABLE trades
    ALTER COLUMN price TYPE NUMERIC,
    ALTER COLUMN quantity TYPE NUMERIC,
    ALTER COLUMN pnl TYPE NUMERIC,
    ALTER COLUMN status SET DEFAULT 'PENDING',
    ADD COLUMN fee NUMERIC,
    ADD COLUMN fee_asset VARCHAR(20),
    ADD COLUMN session_id INTEGER REFERENCES paper_sessions (session_id),
    ADD COLUMN reason VARCHAR(50),
    ADD COLUMN order_id VARCHAR(36) UNIQUE;
ALTER TABLE alerts
    ADD COLUMN session_id INTEGER REFERENCES paper_sessions (session_id) ON DELETE SET NULL,
    ADD COLUMN level VARCHAR(10) NOT NULL DEFAULT 'info';
ALTER TABLE trading_strategies
    DROP CONSTRAINT IF EXISTS trading_strategies_user_id_fkey,
    ADD FOREIGN KEY (user_id) REFERENCES users (user_id) ON DELETE SET NULL;
ALTER TABLE alerts
    DROP CONSTRAINT IF EXISTS alerts_user_id_fkey,
    ADD FOREIGN KEY (user_id) REFERENCES users (user_id) ON DELETE CASCADE;
"""

_INDEXES = (
    ("trading_strategies", "user_id"), ("sentiment_data", "symbol"), ("sentiment_data", "source"),
    ("sentiment_data", "timestamp"), ("signals", "strategy_id"), ("signals", "model_id"),
    ("signals", "timestamp"), ("trades", "signal_id"), ("trades", "session_id"),
    ("trades", "timestamp"), ("alerts", "user_id"), ("alerts", "session_id"),
    ("alerts", "timestamp"),
)  # fmt: skip

_RULES = (
    ("users", "role", "role IN ('viewer', 'trader', 'admin')"),
    ("sentiment_data", "sentiment_score", "sentiment_score BETWEEN -1 AND 1"),
    ("models", "status", "status IN ('candidate', 'champion', 'retired')"),
    ("signals", "signal_type", "signal_type IN ('BUY', 'SELL', 'HOLD')"),
    ("signals", "confidence", "confidence BETWEEN 0 AND 1"),
    ("trades", "trade_type", "trade_type IN ('BUY', 'SELL')"),
    ("trades", "status", "status IN ('PENDING', 'EXECUTED', 'FAILED')"),
    ("trades", "price", "price >= 0 AND price < 'Infinity'"),
    ("trades", "quantity", "quantity >= 0 AND quantity < 'Infinity'"),
    ("alerts", "level", "level IN ('info', 'warning', 'error', 'critical')"),
)


def upgrade() -> None:
    for table in _DOCUMENTED:
        _give_times_a_zone(table)
    for table, (flag, default) in _FLAGS.items():
        op.execute(f"UPDATE {table} SET {flag} = {default} WHERE {flag} IS NULL")
        op.execute(f"ALTER TABLE {table} ALTER COLUMN {flag} SET NOT NULL")
    op.execute(_BARS)
    _drop_if_empty("market_data_rejected")
    op.execute(_NEW_TABLES)
    op.execute(_COLUMNS)
    for table, column in _INDEXES:
        op.execute(f"CREATE INDEX IF NOT EXISTS ix_{table}_{column} ON {table} ({column})")
    for table, name, rule in _RULES:
        _hold_new_rows_to(table, f"{table}_{name}_check", rule)


def _give_times_a_zone(table: str) -> None:
    changes = ", ".join(
        f"ALTER COLUMN {column} TYPE TIMESTAMPTZ USING {column} AT TIME ZONE 'UTC'"
        for column in _TIMES[table]
    )
    op.execute(f"ALTER TABLE {table} {changes}")
    for column in _TIMES[table]:
        if (table, column) in _NULLABLE_TIMES:
            continue
        op.execute(
            f"UPDATE {table} SET {column} = COALESCE(created_at, now()) WHERE {column} IS NULL"
        )
        op.execute(
            f"ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT now(), "
            f"ALTER COLUMN {column} SET NOT NULL"
        )


def _drop_if_empty(table: str) -> None:
    if op.get_bind().execute(text(f"SELECT NOT EXISTS (SELECT 1 FROM {table})")).scalar_one():
        op.execute(f"DROP TABLE {table}")


def _hold_new_rows_to(table: str, name: str, rule: str) -> None:
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({rule}) NOT VALID")
    broken = text(f"SELECT EXISTS (SELECT 1 FROM {table} WHERE NOT ({rule}))")
    if not op.get_bind().execute(broken).scalar_one():
        op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")
