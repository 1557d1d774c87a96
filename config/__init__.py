"""The configurations that ship: examples for terminal and centre, the broker's files, the units. Programs read them from here."""

from importlib import resources
from pathlib import Path

SHIPPED = Path(str(resources.files(__name__)))
"""The folder of these files, in a checkout and in an installed package alike."""
EXAMPLE_TERMINAL = SHIPPED / "terminal.toml"
EXAMPLE_CENTRE = SHIPPED / "central.toml"
BROKER_TEMPLATES = SHIPPED / "mosquitto"
