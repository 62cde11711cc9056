"""`haulwatch encode`: JSON objects, one a line, on standard input; their frames in hex on standard output.

The objects are those of `haulwatch decode`, so that one undoes the other.
"""

from __future__ import annotations

import json
from typing import IO, Any

from stream.errors import EXIT_FAILED
from stream.protocol_errors import EncodeError, ProtocolError
from stream.protocol_tools import encoder_for

# As much as `decode` prints for its longest line.
MAX_LINE_CHARACTERS = 32 << 20


def run(
    stdin: IO[Any],
    stdout: IO[str],
    stderr: IO[str],
    *,
    protocol: str = "jt808",
    encrypt: str | None = None,
) -> int:
    """Write the frames of every object, one a line. Blank lines and those that begin with "#" are ignored.

    An object that cannot be written is told on `stderr` with its line, and the rest goes on. Returns the exit
    code: 0, or 1 if there was such an object.
    """
    source = getattr(stdin, "buffer", stdin)
    encode = encoder_for(protocol, encrypt=encrypt)
    failed = False
    number = 0
    while line := source.readline(MAX_LINE_CHARACTERS):
        number += 1
        text = line.decode("utf-8", "replace") if isinstance(line, bytes) else line
        text = text.removeprefix("\ufeff").strip()
        if not text or text.startswith("#"):
            continue
        try:
            for frame in encode(_object(text)):
                stdout.write(frame.hex() + "\n")
            stdout.flush()
        except (EncodeError, ProtocolError) as error:
            failed = True
            stderr.write(f"haulwatch encode: line {number}: {error}\n")
    return EXIT_FAILED if failed else 0


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise EncodeError(f"no JSON: {error}") from None
    if not isinstance(found, dict):
        raise EncodeError(f"a JSON object is wanted, not {text[:40]!r}")
    return found
