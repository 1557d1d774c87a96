"""Keeping of records: verification, copies, rebuilding, a new centre."""
