"""A role ends when it is told to, whatever it is waiting for."""

import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from tests.services import free_port

PATIENCE_S = 60.0


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5):
            return True
    except (OSError, urllib.error.URLError):
        return False


@pytest.mark.parametrize("role", ["gateway", "worker"])
def test_a_role_without_its_broker_and_database_still_ends_when_told(role: str) -> None:
    metrics, away = free_port(), free_port()
    command = [sys.executable, "-m", "stream.cli", role, "--metrics-port", str(metrics)]
    command += [
        "--bootstrap-servers",
        f"127.0.0.1:{away}",
        "--dsn",
        f"postgresql://postgres@127.0.0.1:{away}/x",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not answers(metrics):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
    assert process.returncode == 0, said
    assert "Traceback" not in said
