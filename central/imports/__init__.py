"""Taking registers from files: checked as a whole first, then stored as a whole or not at all."""
