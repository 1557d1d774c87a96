"""The journal of examinations as an inspector reads it: columns, and files in three forms."""
