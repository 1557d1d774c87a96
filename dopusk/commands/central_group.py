"""`dopusk central …` with all its groups put together."""

from dopusk.commands import (
    central_certificates,
    central_exports,
    central_keeping,
    central_registers,
    central_terminals,
    central_users,
)
from dopusk.commands.central import app

app.command()(central_keeping.backup)
app.command()(central_keeping.restore)
app.command()(central_keeping.rebuild)
app.add_typer(central_users.app, name="user")
app.add_typer(central_terminals.app, name="terminals")
app.add_typer(central_certificates.app, name="certificates")
app.add_typer(central_registers.register_app, name="register")
app.add_typer(central_exports.export_app, name="export")
app.add_typer(central_registers.import_app, name="import")
