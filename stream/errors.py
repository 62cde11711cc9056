"""Errors typed by whose fault they are.

A fault that someone can act on is one line: what happened, to what, what to do. Only a bug shows a
traceback. Packages that may not import `stream` (rules, alerts) mark their own errors with the same
`exit_code` attribute.
"""

EXIT_FAILED = 1
"""The work was asked for correctly and could not be done (or not all of it)."""

EXIT_USAGE = 2
"""What was asked for makes no sense: an unknown option, setting or file; as argparse does."""

EXIT_BUG = 70
"""EX_SOFTWARE of sysexits.h: haulwatch itself is wrong."""


class HaulwatchError(Exception):
    """A fault with a one-line message; `exit_code` is what a command ends with."""

    exit_code = EXIT_FAILED


class OperatorError(HaulwatchError):
    """The operator asked for something impossible: settings, options, input files."""

    exit_code = EXIT_USAGE


class ServiceError(HaulwatchError):
    """The surroundings fail: a port, a disk, a broker or a database that is away."""
