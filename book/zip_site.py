"""Pack the built site into one zip that opens from a folder; the same pages give the same bytes."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

from build import BUILD, SITE

TARGET = BUILD / "reliable-scaling-site.zip"
FOLDER = "reliable-scaling-site"
DATE = (2026, 1, 1, 0, 0, 0)  # of every file: a build's own times would change the bytes


def pack(site: Path, target: Path) -> None:
    """Write every file of a site in the order of their names, with one date and one mode."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for path in sorted(filter(Path.is_file, site.rglob("*"))):
            entry = zipfile.ZipInfo(f"{FOLDER}/{path.relative_to(site).as_posix()}", DATE)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            packed.writestr(entry, path.read_bytes())


def main() -> int:
    """Pack the site where it is built."""
    if not (SITE / "index.html").is_file():
        print(f"{SITE} has no site; run `make book` first", file=sys.stderr)
        return 2
    pack(SITE, TARGET)
    print(f"Packed. {TARGET} has {TARGET.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
