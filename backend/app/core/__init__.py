"""Configuration, database connection, security, logging, the embedded PostgreSQL."""
