"""What somebody on duty at a simulated lower platform answers: at once, and to the satisfaction of all."""

from stream.jt809.events import MessageReceived
from stream.jt809.header import Edition
from stream.jt809.messages import Message, alarms, platforms

_DONE = 1
_WORDS = "在岗"


def answer_to(event: MessageReceived, edition: Edition) -> Message | None:
    """The answer to a message from above; None to what needs none. 2019 names what it answers."""
    message, new = event.message, edition == "2019"
    asked_type = getattr(message, "sub_type", None) if new else None
    asked = event.header.sequence if new else None
    if isinstance(message, platforms.PostCheckRequest):
        return platforms.PostCheckResponse(
            object_type=message.object_type,
            object_id=message.object_id,
            responder="模拟值班员" if new else None,
            responder_tel="02500000000" if new else None,
            info_id=None if new else message.info_id,
            source_type=asked_type,
            source_sequence=asked,
            content=_WORDS,
        )
    if isinstance(message, platforms.PlatformTextRequest):
        return platforms.PlatformTextResponse(
            info_id=None if new else message.info_id, source_type=asked_type, source_sequence=asked
        )
    if isinstance(message, alarms.SupervisionRequest):
        if asked_type is not None and asked is not None:
            return alarms.SupervisionResponse2019(source_type=asked_type, source_sequence=asked, result=_DONE)
        return alarms.SupervisionResponse(
            plate=message.plate,
            color=message.color,
            supervision_id=message.supervision_id,
            result=_DONE,
        )
    return None
