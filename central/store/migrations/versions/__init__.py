"""The steps, oldest first by their file names."""
