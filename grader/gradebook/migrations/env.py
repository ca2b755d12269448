"""Run by Alembic: migrates over the connection that `migrate.upgrade` gives."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"], target_metadata=None)
context.run_migrations()
