"""The section `[personal]` of `central.toml`: the worker's own pages."""

from typing import Annotated

from pydantic import Field

from central.core.config_section import Section


class PersonalConfig(Section):
    """What workers get of their own records, and where they are offered it."""

    kiosk_links: bool = False
    """Whether terminals show a worker whom a medic has just recognised a link to the own pages. Phones have to reach
    `http.public_url` from where the terminals stand."""
    gate_name: bool = False
    """Whether the code for a gate says the worker's name to whoever reads it."""
    appeal_days: Annotated[int, Field(ge=1, le=365)] = 30
    """So long after the decision a worker may ask for an exam in person against it."""
