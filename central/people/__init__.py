"""Workers and what is kept of them: register, consents, limits, reference photos."""
