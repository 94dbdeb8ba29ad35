"""How a dashboard is started."""

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import SkeinError

DEFAULT_PORT = 8050
LOG = "dashboard.log"
"""Name of the log in Skein's home."""


@dataclass(frozen=True)
class Settings:
    """How a dashboard is started.

    Parameters
    ----------
    folders
        Experiment folders to open, or folders that hold experiments.
    roots
        Folders below which a person may open or create experiments from the browser. Default: the folders given, and
        the folder that the command was started in.
    host, port
        Address to serve on. Only addresses of this computer are accepted.
    """

    folders: tuple[Path, ...] = ()
    roots: tuple[Path, ...] = ()
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT

    def __post_init__(self) -> None:
        if not is_local(self.host):
            raise SkeinError(
                f"The dashboard serves this computer only (127.0.0.1), not {self.host}: there is no password yet that "
                f"would protect it. From another computer, use `ssh -L {self.port}:127.0.0.1:{self.port}`."
            )
        folders = tuple(Path(folder).resolve() for folder in self.folders)
        roots = tuple(Path(root).resolve() for root in self.roots)
        object.__setattr__(self, "folders", folders)
        object.__setattr__(self, "roots", roots or tuple(dict.fromkeys((*folders, Path.cwd()))))


def is_local(host: str) -> bool:
    """Whether a host name or address means this computer only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
