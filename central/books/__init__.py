"""Reference books: their versions, drafts, spreading to the terminals, and the check of codes wherever they are entered."""
