"""`dopusk central user …`: accounts of the console."""

import json
import sys
from typing import Annotated

import typer

from central.access.accounts import create_account, hash_password, names_about
from central.access.administrators import is_last_administrator
from central.core.clock import now_utc
from central.core.config import load_config
from central.core.passwords import load_list, password_fault
from central.core.rights import EMPLOYER_ROLES, Role
from central.store import accounts, recovery_codes, secret_tries
from central.store.engine import hold, reading, writing
from dopusk.commands.access_trail import note
from dopusk.commands.asking import new_secret
from dopusk.commands.central import ConfigFile, open_store, plain_errors
from dopusk.words import say

app = typer.Typer(no_args_is_help=True, help="Accounts of the console.")

Username = Annotated[str, typer.Argument(help="Login name.")]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


@app.command()
def add(
    username: Username,
    config: ConfigFile,
    role: Annotated[Role, typer.Option(help="What the account is for.")],
    full_name: Annotated[str, typer.Option(help="Name of the person.")],
    org: Annotated[list[str] | None, typer.Option(help="Organisation whose records it may see; repeatable.")] = None,
    employer_id: Annotated[
        list[str] | None, typer.Option(help="Of the roles of an employer: whose workers it may see; repeatable.")
    ] = None,
    medic_id: Annotated[str | None, typer.Option(help="Of medics: entry in the register of medics.")] = None,
    password_stdin: FromStdin = False,
) -> None:
    """Add an account. The password has to be changed at the first login."""
    if role is Role.WORKER:
        raise typer.BadParameter("a worker's account comes from a link for one person", param_hint="--role")
    if role in EMPLOYER_ROLES and not employer_id:
        raise typer.BadParameter("an account of a role of the employer needs one", param_hint="--employer-id")
    with plain_errors():
        engine = open_store(config)
        listed = load_list(load_config(config).accounts.password_list_file)
        first = _password(password_stdin)
        hashed = hash_password(first)
        with writing(engine) as connection:
            account_id = create_account(
                connection,
                username=username,
                full_name=full_name,
                role=role,
                password=first,
                now=now_utc(),
                orgs=tuple(org or ()),
                employer_ids=tuple(employer_id or ()),
                medic_id=medic_id,
                must_change_password=True,
                listed=listed,
                password_hash=hashed,
            )
            note(connection, "account.add", account_id, detail={"role": str(role)})
    print(say("account {username} added", username=username))


@app.command()
def password(username: Username, config: ConfigFile, password_stdin: FromStdin = False) -> None:
    """Set a new password, end all sessions and lift a lock-out. It has to be changed at the next login."""
    with plain_errors():
        engine = open_store(config)
        with reading(engine) as connection:
            account = _found(accounts.by_username(connection, username), username)
            names = names_about(connection, username, account.full_name, account.orgs)
        new = _password(password_stdin)
        fault = password_fault(new, names, load_list(load_config(config).accounts.password_list_file))
        if fault is not None:
            raise ValueError(f"the password is refused: {fault}")
        # Whoever has a shell here lets somebody in while the provider or directory is out: the password is the own one again.
        changes = {"password_hash": hash_password(new), "must_change_password": True} | accounts.NOT_VOUCHED
        with writing(engine) as connection:
            opened = {"failed_logins": 0, "locked_until": None}
            accounts.change_account(connection, account.account_id, changes | opened)
            secret_tries.forget_account(connection, account.account_id)
            accounts.end_sessions_of(connection, account.account_id)
            note(connection, "account.reset_password", account.account_id)
    print(say("password of {username} set", username=username))


@app.command("reset-factor")
def reset_factor(username: Username, config: ConfigFile) -> None:
    """Take the second factor and its recovery codes away and end all sessions; it is set up anew at the next login."""
    now = now_utc()
    with plain_errors(), writing(open_store(config)) as connection:
        account = _found(accounts.by_username(connection, username), username)
        accounts.change_account(connection, account.account_id, accounts.NO_FACTOR)
        recovery_codes.replace(connection, account.account_id, [], now)
        accounts.end_sessions_of(connection, account.account_id)
        note(connection, "account.reset_totp", account.account_id)
    print(say("second factor of {username} removed", username=username))


@app.command()
def disable(username: Username, config: ConfigFile) -> None:
    """Shut an account and end its sessions. What it did stays on record. The last administrator stays."""
    with plain_errors(), writing(open_store(config)) as connection:
        hold(connection, "accounts")
        account = _found(accounts.by_username(connection, username), username)
        if is_last_administrator(connection, account, {"disabled": True}):
            raise ValueError(f"{username} is the last administrator; appoint another one first")
        accounts.change_account(connection, account.account_id, {"disabled": True})
        accounts.end_sessions_of(connection, account.account_id)
        note(connection, "account.disable", account.account_id)
    print(say("account {username} disabled", username=username))


@app.command("list")
def list_all(
    config: ConfigFile, as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False
) -> None:
    """Show all accounts."""
    with plain_errors(), writing(open_store(config)) as connection:
        rows = accounts.all_accounts(connection)
        note(connection, "accounts.read", detail={"rows": len(rows)})
    shown = [
        {
            "username": row.username,
            "role": row.role,
            "orgs": list(row.orgs),
            "disabled": row.disabled,
            "totp": row.has_totp,
        }
        for row in rows
    ]
    if as_json:
        print(json.dumps(shown, ensure_ascii=False))
        return
    for item in shown:
        print("\t".join(str(value) for value in item.values()))


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    return new_secret(say("Password"))


def _found(account: accounts.Account | None, username: str) -> accounts.Account:
    if account is None:
        raise LookupError(f"there is no account {username}; the list: `dopusk central user list`")
    return account
