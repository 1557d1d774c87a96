"""The threads of partners: one for each, so that a sick one delays no other."""

from collections.abc import Callable

from sqlalchemy import Engine

from central.core.partner_config import PartnerConfig, PartnersConfig
from central.core.supervision import Step, Supervised, Together
from central.people.registry import Registry
from central.systems.partner_line import line_of
from central.systems.sending import PartnerSending
from central.systems.staff import StaffSync
from central.systems.staff_line import StaffLine


def partner_threads(
    engine: Engine, config: PartnersConfig, generation: str, people: Registry, wake: Callable[[], None]
) -> Together:
    """A thread for each partner of the configuration. Each looks for work by itself.

    `wake`: called where staff that was taken over changes what terminals know.

    Raises `OSError` for a secret that cannot be read.
    """
    return Together(_thread_of(engine, one, config.poll_s, generation, people, wake) for one in config.systems)


def _thread_of(
    engine: Engine,
    config: PartnerConfig,
    poll_s: float,
    generation: str,
    people: Registry,
    wake: Callable[[], None],
) -> Supervised:
    steps: list[Step] = []
    if config.sends is not None:
        sending = PartnerSending(engine, config, line_of(config), generation)
        steps += [Step("queue", sending.queue), Step("send", sending.send)]
    if config.kind == "1c":
        steps.append(Step("staff", StaffSync(engine, config, StaffLine(config), people, wake=wake).step))
    return Supervised(f"partner-{config.name}", steps, poll_s=poll_s)
