"""Words for people, in both languages, and how values are written: for pages, papers and files."""
