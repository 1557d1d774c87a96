"""One file per device model, beside its quality ledger."""
