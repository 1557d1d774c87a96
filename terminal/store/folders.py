"""Making names in a folder durable."""

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Make names in a folder as durable as the files behind them."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
