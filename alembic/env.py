"""Runs migrations on the connection that `petitions db upgrade` hands over, or on PETITIONS_DATABASE_URL."""

import os
from typing import Literal

from alembic import context
from sqlalchemy import Connection

from petitions.db import Database, UtcDateTime
from petitions.models import metadata
from petitions.settings import load_settings


def render_item(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Migrations stand on their own: our column type is written as the type beneath it."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        compare_type=True,
        render_item=render_item,
        render_as_batch=connection.dialect.name == "sqlite",
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    database = Database(load_settings(os.environ).database_url)
    with database.writing() as session:
        migrate(session.connection())
    database.close()
