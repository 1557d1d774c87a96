"""The module of each command of `dopusk central`. It imports none of them, so that `ingest` need not load what makes PDF."""

from collections.abc import Mapping

from dopusk.places import LAB, CommandPlace

HELP = "The central module: console, ingest, store."

COMMANDS: Mapping[str, CommandPlace] = {
    "init": CommandPlace("central_processes", "init"),
    "migrate": CommandPlace("central_processes", "migrate"),
    "serve": CommandPlace("central_processes", "serve"),
    "ingest": CommandPlace("central_processes", "ingest"),
    "backup": CommandPlace("central_keeping", "backup"),
    "restore": CommandPlace("central_keeping", "restore"),
    "rebuild": CommandPlace("central_keeping", "rebuild"),
    "user": CommandPlace("central_users", "app", is_group=True),
    "terminals": CommandPlace("central_terminals", "app", is_group=True),
    "certificates": CommandPlace("central_certificates", "app", is_group=True),
    "medic": CommandPlace("central_medics", "app", is_group=True),
    "carriers": CommandPlace("central_carriers", "app", is_group=True),
    "register": CommandPlace("central_registers", "register_app", is_group=True),
    "export": CommandPlace("central_exports", "export_app", is_group=True),
    "dossier": CommandPlace("central_dossier", "dossier"),
    "stamps": CommandPlace("central_stamps", "app", is_group=True),
    "import": CommandPlace("central_registers", "import_app", is_group=True),
    "waybills": CommandPlace("central_waybills", "app", is_group=True),
    "gates": CommandPlace("central_gates", "app", is_group=True),
    "books": CommandPlace("central_books", "app", is_group=True),
    "views": CommandPlace("central_views", "views"),
    "keys": CommandPlace("central_keys", "app", is_group=True),
    "populate": CommandPlace("populate", "populate", package=LAB),
}
