"""The terminal's own disk: the encrypted, append-only diary and the tables that depend on it."""
