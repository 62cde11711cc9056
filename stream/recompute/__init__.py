"""`haulwatch recompute`: the rules once more over stored tracks, in parallel by partition."""

from stream.recompute.command import run

__all__ = ["run"]
