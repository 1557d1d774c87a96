"""Benchmarks that print ratios; `make bench` runs them, the tests run the short forms."""
