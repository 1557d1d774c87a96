"""The central module: ingest, store, decisions, console."""
