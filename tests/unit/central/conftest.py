"""The stores and terminals that these tests share with those of the integration folder."""

from tests.central_store import engine, enrolled, files, intake, postgres, postgres_engine, registry, worker

__all__ = ["engine", "enrolled", "files", "intake", "postgres", "postgres_engine", "registry", "worker"]
