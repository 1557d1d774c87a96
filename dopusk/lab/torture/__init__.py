"""Torture: real processes, killed, frozen, cut off and starved at random moments; then everything is counted."""
