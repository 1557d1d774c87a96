"""The terms that the regulation of accounts names, as this centre keeps them. Pure."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from central.access.accounts import IDLE, SESSION
from central.access.login_gates import LOGIN
from central.authority.pki import MEDIC_VALID
from central.authority.terms import STAGES
from central.core.config import CentralConfig
from central.core.rights import Role
from central.words.texts import text


def terms_in_force(config: CentralConfig) -> Mapping[str, str]:
    """By their names in the text. What is no setting is a constant of the program."""
    accounts = config.accounts
    return {
        "accounts.unused_warn_days": str(accounts.unused_warn_days),
        "accounts.unused_close_days": str(accounts.unused_close_days),
        "accounts.keep_days": str(accounts.keep_days),
        "accounts.second_factor_grace_hours": f"{accounts.second_factor_grace_hours:g}",
        "accounts.second_factor_roles": _roles(accounts.second_factor_roles),
        "registers.frmr_valid_days": str(config.registers.frmr_valid_days),
        "login.failures": str(LOGIN.failures),
        "login.lock_minutes": str(LOGIN.lock // timedelta(minutes=1)),
        "session.hours": str(SESSION // timedelta(hours=1)),
        "session.idle_minutes": str(IDLE // timedelta(minutes=1)),
        "certificate.days": str(MEDIC_VALID // timedelta(days=1)),
        "certificate.stages": ", ".join(str(days) for days in sorted(STAGES, reverse=True)),
    }


def _roles(roles: Iterable[Role]) -> str:
    return ", ".join(text("ru", f"role.{role}") for role in Role if role in roles) or "никому (так настроен этот центр)"
