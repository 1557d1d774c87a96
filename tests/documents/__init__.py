"""What the documentation names, and the pages that are made from the code: `python -m tests.documents --write`."""
