"""Run the revisions on the connection that the caller hands over; the service migrates when it starts."""

from alembic import context
from sqlalchemy import Connection

from app.stores.tables import metadata


def run() -> None:
    """Migrate inside the caller's transaction."""
    connection: Connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


run()
