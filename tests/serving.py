"""Servers of the app for tests: within the test's own process, and as programs of their own at a free port."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import warnings

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("httpx")

HEADER = {"X-Redqueen": "1"}


@contextlib.contextmanager
def client(folder, *, host="127.0.0.1", address="http://127.0.0.1:8123", **options):
    """Give a client of an app in this process, with what it does at start and end; headers are those of the page."""
    from redqueen.app.server import make_app

    with warnings.catch_warnings():
        # Starlette's client is as good with either of the two libraries that it takes.
        warnings.simplefilter("ignore")
        from starlette.testclient import TestClient

    app = make_app(folder, host=host, **options)
    with TestClient(app, base_url=address, raise_server_exceptions=False, headers=HEADER, follow_redirects=False) as asked:
        yield asked


def read_here(monkeypatch):
    """Let files be read in this process.

    For tests that are not about the process that reads them, which takes a second to start.
    """
    from redqueen.app import files, recognising

    monkeypatch.setattr(files, "read_apart", lambda place, year, name: json.loads(recognising.told(place, year)))


class Server:
    """Runs `redqueen app` as a program."""

    def __init__(self, folder, *words, environment=None):
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "redqueen", "app", "--no-browser", "--folder", str(folder), *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})},
        )
        first = self.process.stdout.readline()
        if "http://" not in first:
            raise AssertionError(first + self.process.stderr.read())
        self.address = first.split()[-1].partition("?")[0].rstrip("/")
        self.port = int(self.address.rpartition(":")[2])

    def ask(self, path, content=None, *, method=None, headers=HEADER, body=None):
        """Ask for a path; gives status and JSON (None where it is none)."""
        data = body if body is not None else None if content is None else json.dumps(content).encode()
        method = method or ("GET" if data is None else "POST")
        asked = urllib.request.Request(self.address + path, data=data, method=method, headers=dict(headers))
        try:
            with urllib.request.urlopen(asked, timeout=60) as answered:
                return answered.status, _read(answered)
        except urllib.error.HTTPError as error:
            return error.code, _read(error)

    def job(self, identity, *states, seconds=300):
        """Wait until a job is in one of the states, and give it."""
        until = time.monotonic() + seconds
        while True:
            status, job = self.ask(f"/api/jobs/{identity}")
            if status == 200 and job["state"] in states:
                return job
            assert status == 200 and time.monotonic() < until, job
            time.sleep(0.1)

    def end(self, how=signal.SIGKILL):
        """End the server, and give its exit code, with what it said last."""
        self.process.send_signal(how)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out + err

    def __enter__(self):
        return self

    def __exit__(self, *raised):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate(timeout=30)


def raw(port, text):
    """Send bytes as they are, and give what comes back."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(text if isinstance(text, bytes) else text.encode())
        found = b""
        with contextlib.suppress(ConnectionResetError):
            while block := connection.recv(65536):
                found += block
    return found


def _read(answered):
    try:
        return json.loads(answered.read())
    except ValueError:
        return None
