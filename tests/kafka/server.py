"""A real Apache Kafka on this machine: one node, its log on disk, from Maven's packages."""

from __future__ import annotations

import base64
import shutil
import subprocess
import uuid
from pathlib import Path

from tests.endtoend.centre import wait_for
from tests.services import free_port

_HERE = Path(__file__).parent
_LIBRARIES = _HERE / "target" / "libraries"
_DOWNLOAD_S = 600

_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={folder}/log
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
"""


def missing_tool() -> str | None:
    """Which tool keeps Kafka from running here, None when all are there."""
    return next((tool for tool in ("java", "mvn") if shutil.which(tool) is None), None)


class Kafka:
    """One broker; `start` after `kill` finds the same log again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        _fetch_libraries()
        properties = _PROPERTIES.format(port=self._port, controller=free_port(), folder=folder)
        (folder / "server.properties").write_text(properties, encoding="utf-8")
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        # One word each: a cluster id may begin with a hyphen.
        options = (f"--cluster-id={cluster_id}", "--config=server.properties")
        assert self._java("kafka.tools.StorageTool", "format", *options).wait() == 0

    @property
    def bootstrap_servers(self) -> str:
        return f"127.0.0.1:{self._port}"

    def start(self) -> None:
        seen = self._starts()
        self._process = self._java("kafka.Kafka", "server.properties")
        wait_for(lambda: self._starts() > seen, "Kafka has started")

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _starts(self) -> int:
        return (self._folder / "kafka.log").read_text(encoding="utf-8").count("Kafka Server started")

    def _java(self, *command: str) -> subprocess.Popen[bytes]:
        with (self._folder / "kafka.log").open("ab") as log:
            return subprocess.Popen(
                ["java", "-Xmx512m", "-cp", f"{_LIBRARIES}/*", *command],
                cwd=self._folder,
                stdout=log,
                stderr=log,
            )


def _fetch_libraries() -> None:
    if not _LIBRARIES.exists():
        partial = _LIBRARIES.with_name("partial")
        command = ["mvn", "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={partial}"]
        subprocess.run(command, cwd=_HERE, check=True, timeout=_DOWNLOAD_S)
        partial.rename(_LIBRARIES)
