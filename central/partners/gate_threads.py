"""The threads of gates: one for each that the centre talks to. It answers Sigur's questions, or tells a gate of admissions."""

import logging

from sqlalchemy import Engine

from central.core.gate_config import GateConfig, GatesConfig
from central.core.supervision import Step, Supervised, Together
from central.core.trust import Trust
from central.deciding.passages import GatePassages
from central.partners.gate_talkers import secret_of, talker_of
from central.partners.sigur_delegation import SigurDelegation
from central.partners.sigur_line import SigurAway
from central.partners.told_gate import ToldGate

log = logging.getLogger(__name__)

AGAIN_S = 3.0
"""Pause before a lost connection is made anew."""


def gate_threads(engine: Engine, config: GatesConfig, trust: Trust) -> Together:
    """Threads for all gates of the configuration that the centre talks to; `wake` them after a decision was signed.

    Raises `OSError` for a secret that cannot be read.
    """
    passages, threads = GatePassages(engine, trust), []
    for gate in config.gates:
        if gate.opens == "on_admission":
            step = Step("openings", ToldGate(gate, passages, talker_of(gate)).look)
            threads.append(Supervised(f"gate-{gate.name}", (step,), poll_s=config.poll_s))
        elif gate.kind == "sigur":
            threads.append(_delegation(gate, passages))
    return Together(threads)


def _delegation(gate: GateConfig, passages: GatePassages) -> Supervised:
    """Keeps the talk with a Sigur server up."""
    delegation = SigurDelegation(gate, passages, secret_of(gate))

    def talk() -> None:
        try:
            delegation.talk(lambda: thread.stopping)
        except SigurAway as error:
            # Not for a growing while: people stand before the gate.
            log.warning("gate %s: %s; the controller's own setting decides meanwhile", gate.name, error)

    thread = Supervised(f"gate-{gate.name}", (Step("talk", talk),), poll_s=AGAIN_S)
    return thread
