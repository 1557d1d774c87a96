"""A centre that has been at work for months: who is in it, what happened on each day (pure), and the rows of it (ADR 0205)."""
