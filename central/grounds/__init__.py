"""Grounds beyond their import: documents, comparisons with registers, ends in sight, reminders."""
