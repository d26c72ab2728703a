"""Migrations of the database, in order, from the documented tables on.

They are read by alembic; :func:`app.core.init_db.init_db` runs them.
"""
