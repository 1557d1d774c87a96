"""Converters between our data and formats of other systems: pure functions in one registry. No I/O."""
