"""`dopusk face`: compare two photos, measure error rates, judge liveness, fetch the second engine's files.

Exit codes: 0 an answer was given (also "not the same" and "no face found"), 2 the input is unusable, 3 the engine is.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from dopusk.commands.choices import one_of
from dopusk.told import told
from dopusk.words import in_use, say, word

if TYPE_CHECKING:
    from terminal.face.engine import FaceEngine

app = typer.Typer(no_args_is_help=True, help="Faces: compare, evaluate, liveness, models.")

_BAD_INPUT, _NO_ENGINE = 2, 3
_UNREADABLE = {"missing", "empty", "broken", "format", "too_big"}

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
EngineName = Annotated[
    str, typer.Option("--engine", help="dlib (comes with the packages) or sface (see `face models`).")
]
Models = Annotated[Path | None, typer.Option("--models", help="Folder with the files of the engine sface.")]


@app.command()
def compare(
    first: Annotated[Path, typer.Argument(metavar="A", help="A photo.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="Another photo.")],
    as_json: AsJson = False,
    engine_name: EngineName = "dlib",
    models_folder: Models = None,
) -> None:
    """Say whether two photos show the same person, with score, threshold and the quality of each photo."""
    engine = _engine(engine_name, models_folder)
    from terminal.face.compare import compare as compare_examined
    from terminal.face.compare import examine_file
    from terminal.face.words import english, russian

    result = compare_examined(engine, examine_file(engine, first), examine_file(engine, second))
    if as_json:
        print(json.dumps(result.as_json(), ensure_ascii=False))
    else:
        verdict = {True: "same person", False: "different people", None: "they cannot be compared"}[result.same]
        score = "–" if result.score is None else f"{result.score:.3f}"
        text = "{verdict}; score {score}, threshold {threshold}, engine {engine}"
        print(say(text, verdict=word(verdict), score=score, threshold=result.threshold, engine=result.engine))
        of_code = russian if in_use() == "ru" else english
        for path, quality in zip((first, second), result.quality, strict=True):
            for code in quality.problems:
                print(f"{path}: {of_code(code)}")
    if any(_UNREADABLE & set(quality.problems) for quality in result.quality):
        raise typer.Exit(_BAD_INPUT)


@app.command()
def evaluate(
    pairs_file: Annotated[Path, typer.Argument(metavar="PAIRS.csv", help="Columns file_x, file_y, Decision (Yes/No).")],
    images: Annotated[Path, typer.Option("--images", help="Folder with the photos.")],
    as_json: AsJson = False,
    engine_name: EngineName = "dlib",
    models_folder: Models = None,
    threshold: Annotated[float | None, typer.Option(help="Instead of the engine's own.")] = None,
) -> None:
    """Measure error rates over labelled pairs of photos."""
    engine = _engine(engine_name, models_folder, threads=2)
    from terminal.face.evaluate import PairsUnreadable, read_pairs
    from terminal.face.evaluate import evaluate as evaluate_pairs

    try:
        pairs = read_pairs(pairs_file)
        photos = len({name for pair in pairs for name in (pair.file_x, pair.file_y)})
        with _progress() as progress:
            task = progress.add_task(say("photos"), total=photos)
            result = evaluate_pairs(engine, pairs, images, lambda: progress.advance(task), threshold)
    except PairsUnreadable as error:
        _fail(str(error), _BAD_INPUT)
    _show(result.as_json(), as_json)


@app.command()
def liveness(
    source: Annotated[Path, typer.Argument(metavar="VIDEO-or-DIR", help="A film, or a folder of frames in order.")],
    as_json: AsJson = False,
) -> None:
    """Say whether a solid head or a flat picture turns in a recording: live, not_live or unclear."""
    from terminal.face.engine import EngineUnavailable
    from terminal.face.engines.dlib_engine import DlibFinder
    from terminal.face.liveness_film import frames_of, judge_film
    from terminal.face.picture_file import PictureUnreadable

    try:
        verdict = judge_film(DlibFinder(), frames_of(source))
    except PictureUnreadable as error:
        _fail(str(error), _BAD_INPUT)
    except EngineUnavailable as error:
        _fail(str(error), _NO_ENGINE)
    _show(verdict.as_json(), as_json)


@app.command()
def models(
    folder: Annotated[Path | None, typer.Option("--to", help="Where to; the engine's own folder by default.")] = None,
    source: Annotated[Path | None, typer.Option("--from", help="Take the files from this folder, not the net.")] = None,
    as_json: AsJson = False,
) -> None:
    """Fetch the files of the engine sface (YuNet and SFace), checked against pinned SHA-256."""
    from terminal.face.engines.choose import models_folder
    from terminal.face.engines.fetching import MODELS, ModelRefused, is_in_place, put_in_place

    target = folder or models_folder()
    states: dict[str, Any] = {}
    for model in MODELS:
        try:
            if not is_in_place(model, target):
                put_in_place(model, target, source)
            states[model.name] = "in place"
        except ModelRefused as error:
            states[model.name] = str(error)
    if not as_json:
        states = {name: word(state) if state == "in place" else told(state) for name, state in states.items()}
    _show({"folder": str(target)} | states, as_json)
    if any(state not in ("in place", word("in place")) for state in states.values()):
        raise typer.Exit(_NO_ENGINE)


def _engine(name: str, models_folder: Path | None, threads: int = 1) -> "FaceEngine":
    from terminal.face.engine import EngineUnavailable
    from terminal.face.engines.choose import open_engine
    from terminal.face.engines.names import ENGINES

    one_of(name, ENGINES, "--engine")
    try:
        return open_engine(name, models_folder, threads)
    except EngineUnavailable as error:
        _fail(str(error), _NO_ENGINE)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )


def _show(values: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(values, ensure_ascii=False))
        return
    for name, value in values.items():
        print(f"{word(name)}: {'–' if value is None else value}")


def _fail(message: str, code: int) -> NoReturn:
    Console(stderr=True, soft_wrap=True).print(told(message), style="red", highlight=False, markup=False)
    raise typer.Exit(code)
