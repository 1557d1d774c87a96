"""The answer in place of one that caused an error in the program: as if it had failed, so that nothing waits for it."""

from drivers.messages import MeasurementFailed, MeasurementTaken
from drivers.model import Act
from terminal.camera.film import Kept, Lost
from terminal.face.capture import FaceFound, FaceNotFound, PhotoReady, PhotoUnusable
from terminal.mailbox import Message


def stand_in(message: Message) -> Message | None:
    """None for what nobody waits for. Pure."""
    match message:
        case MeasurementTaken(request_id, device_id):
            words = "fault of the program: the answer could not be taken"
            return MeasurementFailed(request_id, device_id, "InternalError", "internal", words, str(Act.SERVICE))
        case PhotoReady(request_id) | PhotoUnusable(request_id, _, bytes()):
            return PhotoUnusable(request_id, "no_good_frame", None)
        case FaceFound(request_id):
            return FaceNotFound(request_id, "no_engine")
        case Kept(exam_id, film, kind):
            lost = (message.step, message.attempt, message.began_s, message.ended_s)
            return Lost(exam_id, film, kind, "not_stored", *lost)
        case _:
            return None
