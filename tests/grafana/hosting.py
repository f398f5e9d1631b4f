"""The page that draws dashboards with Grafana's own components: built once into the cache folder, then served."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cli.broker.cache import announced, built_once
from cli.broker.ports import free_pair
from config.machine import cache_folder
from tests.source_tree import ROOT

HOST = Path(__file__).parent / "host"
FONTS = {"Regular": "400-normal", "Medium": "500-normal"}
"""Grafana's names of the weights of Inter, and the package's."""
BUNDLE = (
    "--bundle --minify --format=esm --jsx=automatic --loader:.ttf=file --log-level=error "
    '--define:global=window --define:process.env.NODE_ENV="production"'
)
INSTALL_LIMIT_S = 900


def built(npm: str) -> Path:
    """The folder with the page: what sources and lock make, built when they change. Needs npm's registry once."""
    digest = hashlib.sha256()
    for path in sorted(HOST.iterdir()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    digest.update(BUNDLE.encode())
    return built_once(cache_folder() / f"panels-{digest.hexdigest()[:12]}", lambda folder: _build(npm, folder))


def _build(npm: str, folder: Path) -> None:
    with announced("building the page that draws panels, once"):
        sources = folder / "sources"
        shutil.copytree(HOST, sources)
        _run([npm, "ci", "--no-progress"], sources)
        page = [str(sources / "node_modules" / ".bin" / "esbuild"), "page.jsx", f"--outdir={folder}", *BUNDLE.split()]
        _run(page, sources)
        shutil.copy(sources / "index.html", folder)
        (folder / "fonts" / "inter").mkdir(parents=True)
        for name, weight in FONTS.items():
            font = sources / "node_modules" / "@fontsource" / "inter" / "files" / f"inter-latin-{weight}.woff2"
            shutil.copy(font, folder / "fonts" / "inter" / f"Inter-{name}.woff2")
        shutil.rmtree(sources)


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=INSTALL_LIMIT_S)
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def hosted(page: Path) -> Iterator[str]:
    """The address of the page, with the project's dashboards beside it."""

    class Files(SimpleHTTPRequestHandler):
        def translate_path(self, path: str) -> str:
            if path.startswith("/dashboards/"):
                return str(ROOT / "grafana" / "dashboards" / Path(path).name)
            return super().translate_path(path)

        def do_GET(self) -> None:
            """Of Grafana's icons, which its packages leave to the server, an empty one."""
            if not self.path.startswith("/build/img/") and self.path != "/favicon.ico":
                super().do_GET()
                return
            self.send_response(200)
            self.send_header("Content-Type", "image/svg+xml")
            self.end_headers()
            self.wfile.write(b'<svg xmlns="http://www.w3.org/2000/svg"/>')

        def log_message(self, *said: object) -> None:
            """A file is not worth a line."""

    with ThreadingHTTPServer(("127.0.0.1", free_pair()), partial(Files, directory=str(page))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
