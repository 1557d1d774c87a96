"""Migrations of the centre's store, one file per step, in `versions`. How to add one stands in `docs/runbook.md`."""
