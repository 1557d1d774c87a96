"""The examination as pure functions: events in, state and effects out."""
