"""Is a TCP port free to listen on?"""

import socket

from stream.errors import ServiceError


def listen_problem(host: str, port: int) -> str | None:
    """Why `host`:`port` cannot be listened on, in the system's words; None when it can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            probe.listen(1)
    except OSError as fault:
        return (fault.strerror or str(fault)).lower()
    return None


def require_free(part: str, host: str, port: int) -> None:
    """Refuses a taken port before a service starts: another server there would answer in its place.

    Raises:
        ServiceError: naming the part and the port.
    """
    problem = listen_problem(host, port)
    if problem is not None:
        raise ServiceError(f"port {port} for {part} cannot be opened on {host}: {problem}")
