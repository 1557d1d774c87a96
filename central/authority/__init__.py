"""The centre's own authority: keys and certificates of terminals and processes, what is revoked, what is about to end."""
