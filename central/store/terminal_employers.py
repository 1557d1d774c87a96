"""The table of terminals' employers: whose workers a terminal serves."""

from sqlalchemy import Column, ForeignKey, Table

from central.store.metadata import metadata

terminal_employer = Table(
    "terminal_employer",
    metadata,
    Column("terminal_id", ForeignKey("terminal.terminal_id"), primary_key=True),
    Column("employer_id", ForeignKey("employer.employer_id"), primary_key=True, index=True),
)
"""Employers whose workers a terminal knows; no row of a terminal: all employers of its organisation."""
