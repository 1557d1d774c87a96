"""What everything at the centre stands on: configuration, clock, rights, rules without a store, threads that no error ends."""
