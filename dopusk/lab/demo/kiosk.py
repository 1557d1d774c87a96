"""The kiosk process of the demonstration: the ordinary terminal with a robot's hand in it.

`python -m dopusk.lab.demo.kiosk TERMINAL_TOML ROBOT_SOCKET [SPEED]`
"""

import logging
import sys
from pathlib import Path

from dopusk.kiosk_app import run_kiosk_terminal
from dopusk.lab.demo.robot import Robot
from kiosk_ui.app import Kiosk
from kiosk_ui.settings import KioskSettings
from terminal.config import load_config


def main() -> int:
    """Run until told to end."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    config_file, robot_socket = Path(sys.argv[1]), Path(sys.argv[2])
    speed = float(sys.argv[3]) if len(sys.argv) > 3 else 1.0
    hands: list[Robot] = []
    return run_kiosk_terminal(
        load_config(config_file),
        on_window=lambda kiosk: hands.append(_hand_of(kiosk, robot_socket)),
        fullscreen=False,
        touch_guard_s=KioskSettings().touch_guard_s / max(1.0, speed),
    )


def _hand_of(kiosk: Kiosk, robot_socket: Path) -> Robot:
    return Robot(kiosk, robot_socket)


if __name__ == "__main__":
    sys.exit(main())
