"""`dopusk schemas`: writes the JSON Schemas and the AsyncAPI document of the wire contract from its models."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from dopusk.checkout import FOLDER, need_checkout
from dopusk.words import say
from sync.contract.published import PUBLISHED
from sync.contract.topics import ROOT

SCHEMAS = FOLDER / "sync" / "contract" / "schemas"
ASYNCAPI = FOLDER / "docs" / "asyncapi.json"


def schemas(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 when a file is not up to date.")
    ] = False,
) -> None:
    """Write the published form of the wire contract."""
    need_checkout(FOLDER)
    stale = 0
    for path, text in published_files().items():
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale += 1
        if check:
            print(say("not up to date: {path}", path=path.relative_to(FOLDER)))
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(say("written: {path}", path=path.relative_to(FOLDER)))
    raise typer.Exit(1 if check and stale else 0)


def published_files() -> dict[Path, str]:
    """All files of the published contract with their content."""
    files = {SCHEMAS / schema.file_name: schema.text() for schema in PUBLISHED}
    files[ASYNCAPI] = json.dumps(asyncapi(), ensure_ascii=False, indent=1) + "\n"
    return files


def asyncapi() -> dict[str, Any]:
    """The contract as an AsyncAPI 3.0 document, seen from the terminal."""
    channels, operations, messages = {}, {}, {}
    for schema in PUBLISHED:
        if not schema.channel:
            continue
        name = schema.channel.replace("/", "_")
        messages[name] = {
            "name": schema.name,
            "summary": schema.summary,
            "contentType": "application/json",
            "payload": {"$ref": f"../sync/contract/schemas/{schema.file_name}"},
        }
        channels[name] = {
            "address": f"{ROOT}/{{org}}/{{terminal}}/{schema.channel}",
            "messages": {name: {"$ref": f"#/components/messages/{name}"}},
            "parameters": {
                "org": {"description": "The medical organisation."},
                "terminal": {"description": "The terminal; the common name of its certificate."},
            },
            "bindings": {"mqtt": {"qos": 1, "retain": schema.channel == "status", "bindingVersion": "0.2.0"}},
        }
        action = "receive" if schema.channel.startswith("down/") else "send"
        operations[name] = {"action": action, "channel": {"$ref": f"#/channels/{name}"}}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Dopusk: terminal and centre",
            "version": "1",
            "description": (
                "MQTT 5, QoS 1, TLS with client certificates. Every message but status is the envelope "
                "dopusk.envelope/1 in canonical JSON (RFC 8785) with an Ed25519 signature in `signature`; the payload "
                "named here stands in its field `payload`. Within a version fields are only added."
            ),
        },
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages},
    }
