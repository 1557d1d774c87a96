"""Foundations of the centre: configuration, clock, rights, rules without a store, supervised threads."""
