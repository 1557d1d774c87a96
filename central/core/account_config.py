"""The section `[accounts]` of `central.toml`."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from central.core.config_section import Section
from central.core.rights import Role


class AccountsConfig(Section):
    """Who must have a second factor, which passwords nobody may choose, and when accounts end."""

    second_factor_roles: frozenset[Role] = frozenset({Role.MEDIC, Role.SENIOR_MEDIC, Role.ADMINISTRATOR, Role.AUDITOR})
    """Accounts of these roles open nothing but their own page before the second factor is set up."""
    second_factor_grace_hours: Annotated[float, Field(gt=0, le=24 * 30)] = 72.0
    """How long after the first login without it the set-up stays possible; afterwards an administrator resets."""
    contact: Annotated[str, Field(max_length=200)] = ""
    """Whom to call who cannot log in; it stands on the login page, open to everybody."""
    password_list_file: Path | None = None
    """The operator's own list of breached passwords, one per line; beside the common ones that are always refused."""
    unused_warn_days: Annotated[int, Field(ge=1, le=3650)] = 60
    """After so many days without a login an account is listed, and the administrator told."""
    unused_close_days: Annotated[int, Field(ge=1, le=3650)] = 90
    """After so many days without a login an account is disabled, and the administrator told."""
    keep_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """So long a deleted account can be taken back; then its name and secrets are erased."""

    @property
    def unused_notice_days(self) -> int:
        """So many days pass between the warning and the closing, however long an account was unused before it."""
        return max(1, self.unused_close_days - self.unused_warn_days)

    @model_validator(mode="after")
    def _warns_before_it_closes(self) -> Self:
        if self.unused_warn_days > self.unused_close_days:
            raise ValueError(
                f"unused_warn_days ({self.unused_warn_days}) is more than unused_close_days ({self.unused_close_days}): "
                "the warning must come before the account is closed"
            )
        return self
