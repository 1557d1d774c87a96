"""The centre's store, through SQLAlchemy Core."""
