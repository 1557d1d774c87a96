"""Finds a worker's reference picture."""

from pathlib import Path
from typing import Any

from central.console.context import Console
from central.core.media_files import MediaFiles


def reference_file(console: Console, worker: Any) -> Path | None:
    """The picture on the disk; None where the worker has none, or it is not there."""
    if worker is None or not worker["photo_sha256"]:
        return None
    file = MediaFiles(console.config.media_dir).path(worker["photo_sha256"])
    return file if file.is_file() else None
