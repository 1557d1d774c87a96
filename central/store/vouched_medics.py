"""Which medic a provider vouches for, by the SNILS that it names. Read only; owns no table."""

from sqlalchemy import Connection, select

from central.store.accounts import account
from central.store.medics import medic


def medic_vouched(connection: Connection, by: str, issuer: str, snils_hmac: str) -> str | None:
    """The medic with this SNILS who has an account for which that provider vouches; None for nobody, and for more than one."""
    query = select(medic.c.medic_id).join(account, account.c.medic_id == medic.c.medic_id)
    query = query.where(
        medic.c.snils_hmac == snils_hmac,
        medic.c.active,
        account.c.vouched_by == by,
        account.c.vouched_issuer == issuer,
        account.c.vouched_name == medic.c.medic_id,
    )
    found = list(connection.execute(query.limit(2)).scalars())
    return found[0] if len(found) == 1 else None
