"""The terminal's own disk: the encrypted, append-only diary and what hangs on it."""
