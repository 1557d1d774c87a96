"""The worker's own pages: how an account comes about, whose records it opens, and what the worker asks for there."""
