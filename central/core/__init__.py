"""Foundations of the centre: configuration, clock, rights, rules without a store, threads that no error ends."""
