"""A package index on this machine that announces a release of torch that does not exist."""

import hashlib
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from threading import Thread

JSON = "application/vnd.pypi.simple.v1+json"
WHEEL = {  # what `mpscheck declared` reads in a wheel, as short as can be
    "torch/version.py": "__version__ = '{version}'\ngit_version = 'made-up'\n",
    "torchgen/packaged/ATen/native/native_functions.yaml": "- func: made_up(Tensor self) -> Tensor\n  dispatch:\n    MPS: made_up_mps\n",
    "torch-{version}.dist-info/METADATA": "Metadata-Version: 2.1\nName: torch\nVersion: {version}\n",
    "torch-{version}.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: made-up\nRoot-Is-Purelib: false\nTag: {tag}\n",
    "torch-{version}.dist-info/RECORD": "",
}


def wheel(version: str, tag: str) -> bytes:
    """A made-up wheel of torch."""
    held = BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, text in WHEEL.items():
            archive.writestr(name.format(version=version), text.format(version=version, tag=tag))
    return held.getvalue()


class Index:
    """What is announced: files by project, each with the day on which it was uploaded."""

    def __init__(self):
        self.files: dict[str, list[dict]] = {}
        self.wheels: dict[str, bytes] = {}

    def announce(self, project: str, version: str, day: str, *tags: str) -> None:
        """Put a release on the index, with a wheel for each tag."""
        for tag in tags:
            name, content = f"{project.replace('-', '_')}-{version}-{tag}.whl", wheel(version, tag)
            self.wheels[name] = content
            file = {"filename": name, "url": f"/files/{name}", "upload-time": f"{day}T12:00:00Z", "yanked": False}
            hashes = {"hashes": {"sha256": hashlib.sha256(content).hexdigest()}}
            self.files.setdefault(project, []).append(file | hashes)

    def answer(self, path: str) -> bytes | None:
        """What stands at an address; None where nothing does."""
        if path.startswith("/files/"):
            return self.wheels.get(path.removeprefix("/files/"))
        project = path.strip("/").removeprefix("simple/")
        if project not in self.files:
            return None
        return json.dumps({"meta": {"api-version": "1.1"}, "name": project, "files": self.files[project]}).encode()


@contextmanager
def served(index: Index) -> Iterator[str]:
    """The address at which the index answers, on this machine alone, while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            content = index.answer(self.path)
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Type", "application/octet-stream" if "/files/" in self.path else JSON)
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/simple"
        finally:
            server.shutdown()
