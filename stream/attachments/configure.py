"""From settings to what the parts of the evidence server are told."""

from __future__ import annotations

import os
from pathlib import Path

from alerts.evidence.objects import Objects
from alerts.evidence.open_objects import open_objects
from alerts.evidence.retention import Retention
from alerts.evidence.upload_orders import UploadPlace
from stream.attachments.limits import MIB, Limits
from stream.embedded.places import SYSTEM_DIR
from stream.errors import OperatorError
from stream.settings.sections import EvidenceSettings


def folder_of(section: EvidenceSettings) -> Path:
    """The data folder; the same in every role of a machine, so that the desk finds what the server kept."""
    if section.data_dir is not None:
        return section.data_dir
    if os.geteuid() == 0:
        return SYSTEM_DIR / "evidence"
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "haulwatch" / "evidence"


def objects_folder_of(section: EvidenceSettings) -> Path:
    """The folder of evidence itself, where no store is set."""
    return folder_of(section) / "objects"


def objects_of(section: EvidenceSettings) -> Objects:
    """The store of the settings. Raises OperatorError for an address that is none."""
    try:
        return open_objects(
            section.store,
            objects_folder_of(section),
            endpoint=section.s3_endpoint,
            region=section.s3_region,
        )
    except ValueError as error:
        raise OperatorError(f"evidence.store: {error}") from None


def limits_of(section: EvidenceSettings) -> Limits:
    """The bounds of the settings."""
    return Limits(
        file_bytes=section.max_file_mib * MIB,
        alarm_files=section.max_alarm_files,
        alarm_bytes=section.max_alarm_mib * MIB,
        link_bytes=section.max_connection_mib * MIB,
        links=section.max_connections,
        open_files=section.max_open_files,
        unlinked_files=section.max_unlinked_files,
        idle_s=section.idle_s,
    )


def retention_of(section: EvidenceSettings) -> Retention:
    """How long things are kept."""
    return Retention(section.dynamic_days, section.violation_days)


def upload_place_of(section: EvidenceSettings) -> UploadPlace | None:
    """Where terminals are told to bring their files; None where that is not stated."""
    if not section.public_address:
        return None
    return UploadPlace(section.public_address, section.public_port or section.port)
