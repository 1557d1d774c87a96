"""Systems of partners: maps of codes, converters between formats, what is sent there and fetched from there, and the log of it."""
