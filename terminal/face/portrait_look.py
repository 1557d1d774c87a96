"""Looks at one photo in a separate process: `python -P -m terminal.face.portrait_look`, photo in, one JSON line out.

Finds the face and judges the photo by the rules of enrolment. Five points are all that is computed of the face: no template,
nothing that tells one person from another. Exit code 3 with a line on standard error where a library or a model is missing.
"""

import json
import sys

NO_LIBRARY_EXIT = 3


def problems_of(photo: bytes) -> tuple[str, ...]:
    """Codes of `terminal.face.words`, every rule at once; empty for a good photo. Raises `EngineUnavailable`."""
    from terminal.face.engines.dlib_engine import DlibFinder
    from terminal.face.enrolment import ENROLMENT_LIMITS
    from terminal.face.picture_file import PictureUnreadable, decode_picture
    from terminal.face.portrait_rules import background_problems, dark_picture, eyes_problems, shadow_problems
    from terminal.face.quality import quality_of

    finder = DlibFinder()
    try:
        picture = decode_picture(photo)
    except PictureUnreadable as error:
        return (error.code,)
    picture, boxes = finder.find_still(picture)
    if not boxes:
        return ("no_face", *(("background_dark",) if dark_picture(picture) else ()))
    landmarks = finder.landmarks(picture, boxes[0])
    return (
        *quality_of(picture, boxes, landmarks, ENROLMENT_LIMITS).problems,
        *eyes_problems(picture, landmarks),
        *background_problems(picture, boxes[0]),
        *shadow_problems(picture, boxes[0]),
    )


def main() -> int:
    """As the module says."""
    photo = sys.stdin.buffer.read()
    try:
        found = problems_of(photo)
    except ImportError as error:
        sys.stderr.write(f"{error}\n")
        return NO_LIBRARY_EXIT
    except Exception as error:
        from terminal.face.engine import EngineUnavailable

        if not isinstance(error, EngineUnavailable):
            raise
        sys.stderr.write(f"{error}\n")
        return NO_LIBRARY_EXIT
    sys.stdout.write(json.dumps({"problems": list(dict.fromkeys(found))}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
