"""Entries of the registers as forms: fields, checks and saving, one module per register. Knows nothing of HTTP."""
