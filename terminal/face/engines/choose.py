"""Opens an engine by name: `dlib` needs only the installed packages, `sface` needs its files."""

from pathlib import Path

from terminal.face.engine import EngineUnavailable, FaceEngine
from terminal.face.engines.model_files import cache_folder
from terminal.face.engines.names import ENGINES


def models_folder() -> Path:
    """Where `dopusk face models` puts files and the engine looks for them."""
    return cache_folder() / "models"


def open_engine(name: str = "dlib", models: Path | None = None, threads: int = 1) -> FaceEngine:
    """Load an engine, which takes a third of a second. Raises `EngineUnavailable`."""
    if name == "dlib":
        from terminal.face.engines.dlib_engine import DlibEngine

        return DlibEngine(threads)
    if name == "sface":
        from terminal.face.engines.yunet_sface import YunetSfaceEngine

        return YunetSfaceEngine(models or models_folder())
    raise EngineUnavailable(f"no engine {name!r}; there are: {', '.join(ENGINES)}")
