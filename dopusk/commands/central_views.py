"""`dopusk central views`: views of the store for programs that read by SQL, and the role that may read them."""

from typing import Annotated

import typer

from central.store import reading_views
from central.store.engine import writing
from dopusk.commands.access_trail import note
from dopusk.commands.central import ConfigFile, open_store, plain_errors
from dopusk.words import say


def views(
    config: ConfigFile,
    role: Annotated[str, typer.Option(help="Role of PostgreSQL that may read the views and nothing else.")] = "",
    drop: Annotated[bool, typer.Option("--drop", help="Take the views away, and the right to read them.")] = False,
) -> None:
    """Make views of the store for reports by SQL. No SNILS is in them; what a role reads there stands in no access log."""
    with plain_errors():
        engine = open_store(config)
        is_sqlite = engine.dialect.name == "sqlite"
        if is_sqlite and role:
            raise ValueError("SQLite has no roles: whoever may open the file reads all of it; leave --role out")
        if not is_sqlite and not role and not drop:
            raise ValueError("name with --role who may read the views; without it nobody can")
        with writing(engine) as connection:
            if drop:
                reading_views.drop(connection)
            else:
                reading_views.make(connection, role)
            note(connection, "views.drop" if drop else "views.make", detail={"role": role} if role else None)
            roles = reading_views.readers(connection)
    if drop:
        print(say("the views are gone"))
    elif is_sqlite:
        print(say("the views are made"))
    else:
        print(say("the views are made; these roles read them: {roles}", roles=", ".join(roles)))
