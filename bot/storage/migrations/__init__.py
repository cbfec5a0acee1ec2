"""The history of the tables, forward only, the same on SQLite and PostgreSQL.

A change that takes something away comes in two releases: first expand and stop using it, then contract. `HEAD` lets a start see
that nothing is to be done without importing Alembic (0.3 s).
"""

HEAD = "20261125_may_be_out"
