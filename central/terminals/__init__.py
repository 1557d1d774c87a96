"""Terminals: enrolment and certificates."""
