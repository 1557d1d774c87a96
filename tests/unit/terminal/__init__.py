"""The terminal on its own."""
