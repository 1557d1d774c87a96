"""What share of each package the quick tests run, and the share below which none may fall."""
