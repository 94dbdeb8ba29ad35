"""``skein dashboard [DIR …]``."""

import argparse
import logging
import os
import socket
import sys
from collections.abc import Sequence
from logging.handlers import RotatingFileHandler
from pathlib import Path

from dashboard.settings import DEFAULT_PORT, LOG, Settings
from pipeline.errors import SkeinError
from pipeline.files import home

_HIGHEST_PORT = 65_535
THREADS = 24  # each playing video holds one


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = argparse.ArgumentParser(prog="skein dashboard", description="Serve the dashboard on this computer.")
    parser.add_argument("folders", nargs="*", type=Path, metavar="DIR", help="experiments, or folders that hold some")
    parser.add_argument(
        "--root", action="append", default=[], type=Path, metavar="DIR",
        help="folder below which experiments may be opened and created from the browser; may be given more than once",
    )  # fmt: skip
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to serve on; this computer only (default: 127.0.0.1)"
    )
    parser.add_argument(
        "--port", type=_port, default=None, help=f"port (default: {DEFAULT_PORT}, or the next free one)"
    )
    return parser


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > _HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to {_HIGHEST_PORT}, got {text!r}")
    return int(text)


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until interrupted; prints the address as soon as it can be opened."""
    given = parser().parse_args(argv)
    try:
        for folder in (*given.folders, *given.root):
            if not folder.is_dir():
                raise SkeinError(f"There is no folder {folder}.")
        listener = _listen(given.host, given.port)
        settings = Settings(tuple(given.folders), tuple(given.root), given.host, listener.getsockname()[1])
    except SkeinError as error:
        print(f"skein: {error}", file=sys.stderr)
        return 1
    home().mkdir(parents=True, exist_ok=True)
    file = RotatingFileHandler(home() / LOG, maxBytes=5_000_000, backupCount=2, encoding="utf-8")
    handlers: list[logging.Handler] = [logging.StreamHandler(), file]
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", handlers=handlers)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    serve(settings, listener)
    return 0


def serve(settings: Settings, listener: socket.socket) -> None:
    """Serve a dashboard on a listening socket."""
    from waitress.server import create_server

    from dashboard.app import create_app

    app = create_app(settings)
    server = create_server(app.server, sockets=[listener], threads=THREADS, ident="skein")
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    print(f"Skein: http://{host}:{settings.port}", flush=True)
    try:
        server.run()
    except KeyboardInterrupt:
        pass
    finally:
        server.close()


def _listen(host: str, port: int | None) -> socket.socket:
    """A socket on the port asked for, or on the first free one from the default on."""
    Settings(host=host)  # refuses addresses of other computers before anything listens
    tried = [port] if port is not None else [*range(DEFAULT_PORT, DEFAULT_PORT + 20), 0]
    for candidate in tried:
        listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        if (
            os.name == "posix"
        ):  # a dashboard that was just closed does not hold its port; on Windows this would share it
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, candidate))
        except OSError:
            listener.close()
            continue
        listener.listen()
        return listener
    raise SkeinError(f"Port {port} of {host} is in use: close what uses it, or choose another with --port.")


if __name__ == "__main__":
    sys.exit(main())
