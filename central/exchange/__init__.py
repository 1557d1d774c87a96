"""Exchange with terminals: intake, checks, answers, repeated sending."""
