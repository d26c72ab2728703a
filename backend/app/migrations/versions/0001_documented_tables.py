"""The tables as the specification writes them.

A database that was made by hand from the documentation is taken to be at this revision.
"""

from alembic import op

revision = "0001"
down_revision = None

_TABLES = """
CREATE TABLE users (
    user_id SERIAL PRIMARY KEY,
    username VARCHAR(50) UNIQUE NOT NULL,
    email VARCHAR(100) UNIQUE NOT NULL,
    password_hash VARCHAR(255) NOT NULL,
    is_active BOOLEAN DEFAULT true,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE trading_strategies (
    strategy_id SERIAL PRIMARY KEY,
    user_id INTEGER REFERENCES users(user_id),
    name VARCHAR(100) NOT NULL,
    description TEXT,
    parameters JSONB,
    is_active BOOLEAN DEFAULT false,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE market_data (
    data_id SERIAL PRIMARY KEY,
    symbol VARCHAR(20),
    timestamp TIMESTAMP,
    open_price FLOAT,
    high_price FLOAT,
    low_price FLOAT,
    close_price FLOAT,
    volume FLOAT,
    source VARCHAR(50),
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE sentiment_data (
    sentiment_id SERIAL PRIMARY KEY,
    symbol VARCHAR(20),
    source VARCHAR(50),
    text TEXT,
    sentiment_score FLOAT,
    timestamp TIMESTAMP,
    extra_data JSONB,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE models (
    model_id SERIAL PRIMARY KEY,
    name VARCHAR(100),
    model_type VARCHAR(50),
    version VARCHAR(20),
    accuracy FLOAT,
    precision FLOAT,
    recall FLOAT,
    auc FLOAT,
    trained_on TIMESTAMP,
    extra_data JSONB,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE signals (
    signal_id SERIAL PRIMARY KEY,
    strategy_id INTEGER REFERENCES trading_strategies(strategy_id),
    model_id INTEGER REFERENCES models(model_id),
    symbol VARCHAR(20),
    signal_type VARCHAR(10),
    confidence FLOAT,
    timestamp TIMESTAMP,
    extra_data JSONB,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE trades (
    trade_id SERIAL PRIMARY KEY,
    signal_id INTEGER REFERENCES signals(signal_id),
    symbol VARCHAR(20),
    trade_type VARCHAR(10),
    price FLOAT,
    quantity FLOAT,
    status VARCHAR(20),
    is_paper_trade BOOLEAN DEFAULT true,
    pnl FLOAT,
    timestamp TIMESTAMP,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE alerts (
    alert_id SERIAL PRIMARY KEY,
    user_id INTEGER REFERENCES users(user_id),
    alert_type VARCHAR(50),
    message TEXT,
    is_read BOOLEAN DEFAULT false,
    timestamp TIMESTAMP,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX ix_market_data_symbol ON market_data (symbol);
CREATE INDEX ix_market_data_timestamp ON market_data (timestamp);
CREATE INDEX ix_sentiment_data_symbol ON sentiment_data (symbol);
CREATE INDEX ix_sentiment_data_source ON sentiment_data (source);
CREATE INDEX ix_sentiment_data_timestamp ON sentiment_data (timestamp);
CREATE INDEX ix_signals_timestamp ON signals (timestamp);
CREATE INDEX ix_trades_timestamp ON trades (timestamp);
CREATE INDEX ix_alerts_timestamp ON alerts (timestamp);
"""


def upgrade() -> None:
    op.execute(_TABLES)
