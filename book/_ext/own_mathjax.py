"""Formulas from a local file: copy MathJax out of the installed package into the site.

`sphinx-mathjax-offline` carries MathJax as data. Its folder has hyphens, so it cannot be imported,
and as an extension it would copy 24 MB; one file is enough.
"""

from __future__ import annotations

import shutil
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

PACKAGE, SCRIPT = "sphinx-mathjax-offline", "tex-svg.js"


def find_script() -> Path:
    """Find MathJax among the files of the installed package."""
    package = distribution(PACKAGE)
    for file in package.files or []:
        if file.name == SCRIPT:
            return Path(str(package.locate_file(file)))
    raise ExtensionError(f"{PACKAGE} {package.version} holds no {SCRIPT}")


def copy_script(app: Sphinx) -> None:
    """Put the script into the site's static folder."""
    folder = Path(app.outdir) / "_static" / "mathjax"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(find_script(), folder / SCRIPT)


def setup(app: Sphinx) -> dict[str, Any]:
    """Point Sphinx at the local script; deferred, it starts when the page is read."""
    app.config.mathjax_path = f"mathjax/{SCRIPT}"
    app.connect("builder-inited", copy_script)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
