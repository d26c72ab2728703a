"""The CryptoVolt server: PostgreSQL, exchanges, HTTP and the command line."""
