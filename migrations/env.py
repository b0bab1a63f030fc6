"""Alembic's entry: our models, our engine."""

import importlib

from alembic import context

from glc.database import Base, Instant, open_engine

for module in ("consent.models", "glc.audit", "glc.mail", "idp.models", "keys.models", "partner_registry.models"):
    importlib.import_module(module)  # registers its tables


def _render(kind, value, _autogen):
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(value, Instant) else False


engine = open_engine(context.config.attributes["settings"], create=True)
try:
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":  # a table is altered by making it anew: what refers to it must not mind
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=True,
            render_item=_render,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
finally:
    engine.dispose()
