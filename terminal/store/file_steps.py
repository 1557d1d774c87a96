"""The steps in which a file becomes durable under its name. Each is a method, so that a replay of power cuts can note it."""

import os
from pathlib import Path

from terminal.store.folders import sync_folder


class FileSteps:
    """Write, sync, give the name, sync the folder: in another order a power cut leaves a name without its content."""

    def write(self, path: Path, content: bytes) -> None:
        """Hand the content to the system; a file of that name is replaced."""
        path.write_bytes(content)

    def sync(self, path: Path) -> None:
        """Have the content on the disk."""
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def rename(self, path: Path, name: Path) -> None:
        """Give the file its name; one that has it is replaced."""
        path.replace(name)

    def sync_folder(self, folder: Path) -> None:
        """Have the names in the folder on the disk."""
        sync_folder(folder)
