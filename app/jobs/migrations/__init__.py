"""Alembic migrations of the tables of jobs."""
