"""Trials as a chain that the database itself keeps.

A trial is stored as the exact text that its hash covers; every other column is made from it. A row
that does not follow the last one is refused, and the head remembers how many there are, so that
also a deleted end is missed. Trials from before have no chain: they are kept in the table
``trials_unchained``.
"""

from alembic import op
from sqlalchemy import text

revision = "0004"
down_revision = "0003"

_KEEP_OLD = """
ALTER TABLE trials RENAME TO trials_unchained;
ALTER INDEX trials_pkey RENAME TO trials_unchained_pkey;
ALTER INDEX ix_trials_study RENAME TO ix_trials_unchained_study;
ALTER SEQUENCE trials_trial_id_seq RENAME TO trials_unchained_trial_id_seq;
"""

_CHAIN = """
CREATE OR REPLACE FUNCTION trial_hash(payload text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS
    $$ SELECT encode(sha256(convert_to(payload, 'UTF8')), 'hex') $$;
CREATE TABLE trials (
    trial_id BIGINT PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    payload TEXT NOT NULL,
    hash CHAR(64) NOT NULL UNIQUE GENERATED ALWAYS AS (trial_hash(payload)) STORED,
    previous CHAR(64) NOT NULL UNIQUE
        GENERATED ALWAYS AS (CAST(payload AS jsonb) ->> 'previous') STORED,
    kind VARCHAR(20) NOT NULL GENERATED ALWAYS AS (CAST(payload AS jsonb) ->> 'kind') STORED,
    study TEXT NOT NULL GENERATED ALWAYS AS (CAST(payload AS jsonb) ->> 'study') STORED,
    symbols JSONB NOT NULL GENERATED ALWAYS AS (CAST(payload AS jsonb) -> 'symbols') STORED,
    timeframe VARCHAR(12) NOT NULL
        GENERATED ALWAYS AS (CAST(payload AS jsonb) ->> 'timeframe') STORED,
    first_ms BIGINT NOT NULL
        GENERATED ALWAYS AS (CAST(CAST(payload AS jsonb) ->> 'first' AS bigint)) STORED,
    last_ms BIGINT NOT NULL
        GENERATED ALWAYS AS (CAST(CAST(payload AS jsonb) ->> 'last' AS bigint)) STORED,
    data_hash VARCHAR(64) NOT NULL
        GENERATED ALWAYS AS (CAST(payload AS jsonb) ->> 'data_hash') STORED,
    parameters JSONB NOT NULL GENERATED ALWAYS AS (CAST(payload AS jsonb) -> 'parameters') STORED,
    result JSONB NOT NULL GENERATED ALWAYS AS (CAST(payload AS jsonb) -> 'result') STORED
);
CREATE INDEX ix_trials_study ON trials (study);
CREATE INDEX ix_trials_symbols ON trials USING gin (symbols);
CREATE TABLE trial_head (
    only_one BOOLEAN PRIMARY KEY DEFAULT true
        CONSTRAINT trial_head_only_one_check CHECK (only_one),
    n_trials BIGINT NOT NULL,
    hash CHAR(64) NOT NULL
);
INSERT INTO trial_head (n_trials, hash) VALUES (0, repeat('0', 64));
CREATE OR REPLACE FUNCTION chain_trial() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    head trial_head;
BEGIN
    SELECT * INTO head FROM trial_head FOR UPDATE;
    IF NEW.trial_id <> head.n_trials + 1 OR NEW.previous <> head.hash THEN
        RAISE EXCEPTION 'expected trial % after %, found trial % after %',
            head.n_trials + 1, head.hash, NEW.trial_id, NEW.previous
            USING ERRCODE = 'restrict_violation';
    END IF;
    UPDATE trial_head SET n_trials = NEW.trial_id, hash = NEW.hash;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION only_grow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.n_trials <> OLD.n_trials + 1 THEN
        RAISE EXCEPTION 'the number of trials only grows, one by one'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON trials
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER chain AFTER INSERT ON trials
    FOR EACH ROW EXECUTE FUNCTION chain_trial();
CREATE TRIGGER only_grow BEFORE UPDATE ON trial_head
    FOR EACH ROW EXECUTE FUNCTION only_grow();
CREATE TRIGGER keep BEFORE INSERT OR DELETE OR TRUNCATE ON trial_head
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    if op.get_bind().execute(text("SELECT EXISTS (SELECT 1 FROM trials)")).scalar_one():
        op.execute(_KEEP_OLD)
    else:
        op.execute("DROP TABLE trials")
    op.execute(_CHAIN)
