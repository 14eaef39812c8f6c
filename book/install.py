"""Install what the locks name into the environment of this Python, and say how far it is.

It runs before anything is installed, so it needs the standard library alone. Run again after an
interruption, it goes on with what is missing.
"""

from __future__ import annotations

import re
import shutil
import sys
import sysconfig
import time
from pathlib import Path

from progress import follow, say, seconds_since, unbuffered

PIP = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
SEEN = re.compile(r"\s*(?:Collecting|Requirement already satisfied:) ([\w.-]+)")
INSTALLING = "Installing collected packages:"


def canonical(name: str) -> str:
    """Spell the name of a package in the one way that is compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


def names_in(lock: Path) -> set[str]:
    """Names of the packages that a lock pins."""
    lines = lock.read_text(encoding="utf-8").split()
    return {canonical(line.partition("==")[0]) for line in lines}


def names_installed(site: Path) -> set[str]:
    """Names of the packages that are installed to the end: pip writes their RECORD last."""
    records = site.glob("*.dist-info/RECORD")
    return {canonical(record.parent.name.partition("-")[0]) for record in records}


def drop_half_installed(site: Path) -> None:
    """Let pip install again what it was installing when it was interrupted."""
    for folder in site.glob("*.dist-info"):
        if not (folder / "RECORD").exists():
            shutil.rmtree(folder)


class Progress:
    """How far pip is with one lock.

    Parameters
    ----------
    lock : Path
        The lock.
    site : Path
        Folder that packages are installed into.
    """

    def __init__(self, lock: Path, site: Path) -> None:
        self.lock, self.site = lock, site
        self.names = names_in(lock)
        self.seen: set[str] = set()
        self.last = ""
        self.installing = False

    def note(self, line: str) -> str | None:
        """Take in a line of pip's output; say when it begins to install."""
        if found := SEEN.match(line):
            self.last = canonical(found[1])
            self.seen.add(self.last)
        if line.startswith(INSTALLING):
            self.installing = True
            return self.standing()
        return None

    def standing(self) -> str:
        """Say how many packages are fetched, or installed, of how many."""
        if self.installing:
            n, doing = len(self.names & names_installed(self.site)), "installed"
        else:
            n, doing = len(self.names & self.seen), "found or fetched"
        now = f", at {self.last}" if self.last and not self.installing else ""
        return f"{self.lock.name}: {n} of {len(self.names)} packages {doing}{now}"


def install(lock: Path, site: Path) -> int:
    """Install one lock and return pip's exit code; where pip fails, all that it said is shown."""
    start, progress = time.monotonic(), Progress(lock, site)
    say(f"{lock.name}: {len(progress.names)} packages to install")
    command = [*PIP, "--progress-bar", "off", "-r", str(lock)]
    status = follow(command, progress.note, progress.standing, env=unbuffered())
    if status == 0:
        say(f"{lock.name}: all {len(progress.names)} packages installed, {seconds_since(start)}")
    return status


def main(*locks: str) -> int:
    """Install one lock after the other; stop at the first that fails."""
    site = Path(sysconfig.get_path("purelib"))
    drop_half_installed(site)
    return next(filter(None, (install(Path(lock), site) for lock in locks)), 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
