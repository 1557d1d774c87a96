"""`dopusk central certificates …`: until when they are valid, and new ones for the centre and the broker."""

import json
from pathlib import Path
from typing import Annotated

import typer

from central.authority import certificates
from central.authority.organisation_keys import organisation_key, take_key
from central.authority.pki import Authority
from central.core.clock import now_utc
from central.core.config import load_config
from central.signature.pdf_key import PdfKey
from central.store import registry
from central.store.engine import reading, writing
from dopusk.commands.access_trail import note
from dopusk.commands.central import ConfigFile, open_centre, plain_errors
from dopusk.words import say

app = typer.Typer(
    no_args_is_help=True, help="Certificates of the centre, the broker and the organisations: show, make, renew."
)


@app.command("list")
def list_all(
    config: ConfigFile, as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False
) -> None:
    """Show until when the certificates of authority and centre are valid; exit code 1 when one ends soon."""
    with plain_errors():
        found = certificates.ends(load_config(config))
    now = now_utc()
    rows = [
        {"name": item.name, "not_after": item.not_after.isoformat(), "days": (item.not_after - now).days}
        | {"due": item.is_due(now)}
        for item in found
    ]
    if as_json:
        print(json.dumps(rows))
    else:
        for row in rows:
            text = "{days} days  RENEW" if row["due"] else "{days} days"
            print(f"{row['name']}\t{row['not_after']}\t{say(text, days=row['days'])}")
    if any(row["due"] for row in rows):
        raise typer.Exit(1)


@app.command()
def broker(
    folder: Annotated[Path, typer.Argument(help="Folder of the broker, for example /etc/mosquitto/certs.")],
    config: ConfigFile,
    host: Annotated[list[str], typer.Option(help="Name or address by which the broker is reached; several times.")],
) -> None:
    """Make or renew the broker's certificate, and put beside it what else the broker reads. Its key stays when there is one."""
    with plain_errors():
        loaded, engine = open_centre(config)
        end = certificates.issue_broker(loaded, folder, host)
        with writing(engine) as connection:
            note(connection, "certificate.broker", host[0], detail={"until": end.date().isoformat()})
    text = (
        "{certificate} is valid until {end}; let the broker's account read {key}, then: "
        "systemctl kill --signal=HUP mosquitto.service"
    )
    print(say(text, certificate=folder / "server.pem", end=end.date(), key=folder / "server.key"))


@app.command()
def renew(config: ConfigFile) -> None:
    """Renew the certificate by which serve and ingest come to the broker. The key stays; restart both when it suits."""
    with plain_errors():
        loaded, engine = open_centre(config)
        end = certificates.renew_centre(loaded)
        with writing(engine) as connection:
            note(connection, "certificate.centre", detail={"until": end.date().isoformat()})
    text = "{certificate} is valid until {end}; next: restart central serve and central ingest"
    print(say(text, certificate=loaded.mqtt.cert_file, end=end.date()))


@app.command()
def organisation(
    org: Annotated[str, typer.Argument(help="Short name of the organisation.")],
    config: ConfigFile,
    certificate: Annotated[
        Path | None,
        typer.Option(help="A certificate of another authority, PEM; those that lead to its root behind it."),
    ] = None,
    key: Annotated[
        Path | None, typer.Option(help="The key of that certificate, PKCS#8 in PEM without a password.")
    ] = None,
) -> None:
    """The key by which an organisation signs its papers: show it, make it where there is none, or take one from elsewhere."""
    if (certificate is None) != (key is None):
        raise typer.BadParameter("name both files or none", param_hint="--certificate / --key")
    with plain_errors():
        loaded, engine = open_centre(config)
        with reading(engine) as connection:
            entry = registry.get_organisation(connection, org)
        if entry is None:
            raise LookupError(f"organisation {org} does not exist")
        authority = Authority(loaded.keys.authority_dir)
        if certificate is not None and key is not None:
            found = take_key(authority, org, certificate.read_bytes(), key.read_bytes())
        else:
            found = organisation_key(authority, org, entry["name"], now_utc())
        serial, end = f"{found.certificate.serial_number:x}", found.certificate.not_valid_after_utc
        with writing(engine) as connection:
            detail = {"serial": serial, "until": end.date().isoformat()}
            note(connection, "certificate.organisation", org, org=org, detail=detail)
    text = (
        "papers are signed inside of the PDF: certificate {serial}, valid until {end}"
        if isinstance(found.signer, PdfKey)
        else "papers are signed beside the PDF (.sig, GOST): certificate {serial}, valid until {end}"
    )
    print(say(text, serial=serial, end=end.date()))
