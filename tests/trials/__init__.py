"""Trials: what is too long, too large or too foreign for the tests. `make trials` runs them and writes `docs/trials.md`."""
