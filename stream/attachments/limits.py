"""The bounds of the attachment server, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What one server takes at once.

    file_bytes: ten seconds of video at any camera's rate, and far above.
    alarm_files: the standard asks for three pictures, a video, a sound and a state file a camera.
    alarm_bytes: all files of one alarm.
    link_bytes: one connection: an alarm whose every byte comes twice.
    links: connections; a tick of the fleet's cameras, each for some seconds.
    open_files: files that are being written: file descriptors, two a link.
    unlinked_files: files a vehicle may announce in a day for alarms that nobody knows (yet).
    idle_s: silence after which a link is closed; the terminal comes back and goes on.
    """

    file_bytes: int = 64 * MIB
    alarm_files: int = 32
    alarm_bytes: int = 256 * MIB
    link_bytes: int = 512 * MIB
    links: int = 2_000
    open_files: int = 4_000
    unlinked_files: int = 200
    idle_s: float = 120.0
