"""Opening the store of evidence that the settings name."""

from __future__ import annotations

from pathlib import Path

from alerts.evidence.folder_objects import FolderObjects
from alerts.evidence.objects import Objects


def open_objects(url: str, folder: Path, *, endpoint: str = "", region: str = "") -> Objects:
    """The store of the settings: ``s3://bucket/prefix``, or `folder` where `url` is empty.

    endpoint, region: of the S3-compatible server; its keys come from AWS_ACCESS_KEY_ID and
    AWS_SECRET_ACCESS_KEY in the environment. Raises ``ValueError`` for an address that is no store.
    """
    if not url:
        return FolderObjects(folder)
    if not url.startswith("s3://") or not url.removeprefix("s3://").strip("/"):
        raise ValueError(f"{url!r} is not s3://BUCKET or s3://BUCKET/PREFIX")
    # Here, because only a store of that kind needs its client.
    from alerts.evidence.s3_objects import S3Objects

    return S3Objects(url, endpoint=endpoint, region=region)
