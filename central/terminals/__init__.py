"""How a terminal becomes one of ours."""
