"""The terminal: one examination at a time, decided by pure functions, written by one thread."""
