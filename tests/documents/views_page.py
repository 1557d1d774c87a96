"""The views for reading by SQL, told from their definitions."""

from central.store.reading_views import SCHEMA, View, views

_HEAD = f"""# Views for reports

Made from the code by `python -m tests.documents --write`; do not edit. `dopusk central views --role ROLE` makes them; `--drop`
takes them away. They are for programs that read by SQL, and nobody writes through them.

- On PostgreSQL they stand in the schema `{SCHEMA}`. The database's administrator makes the role (`CREATE ROLE reader LOGIN`, with
  a password); the command lets it read the views. It may read no table and change nothing.
- On SQLite they are views of the file. Whoever may open the file reads all of it: copy it first (`dopusk central backup`).
- Moments are UTC. A value that was not measured is NULL, never nought: leave such rows out of a mean, and count them by themselves.
- No SNILS, signature, key, photo or film is in them. Names are: give the role to those who may see them. **What a role reads stands
  in no access log of the console.** Switch on the database's own log for it (`ALTER ROLE reader SET log_statement = 'all'`).
- They are made anew with each `dopusk central migrate`, for the same roles. What others build upon them has to be taken
  away before, or the update stops and says so. A backup of PostgreSQL does not hold them.

"""


def page() -> str:
    """The page as it would be made now."""
    return _HEAD + "\n".join(_section(view) for view in views(is_sqlite=False))


def _section(view: View) -> str:
    rows = [f"| {one.name} | {one.about} |" for one in view.columns]
    return "\n".join([f"## {view.name}", "", view.about, "", "| column | about |", "|---|---|", *rows]) + "\n"
