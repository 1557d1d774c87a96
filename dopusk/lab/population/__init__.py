"""A centre after months of work: its people, the events of each day (pure), and their rows (ADR 0205)."""
