"""Write the slides of `notebooks/slides.py`: one page and its scripts, which need no network.

As an extension it writes ``_static/slides/index.html`` from the notebook that the book has run. As
a script, ``python book/_ext/story_slides.py``, it runs the notebook and writes ``_build/slides``.

reveal.js comes out of the installed package `sphinx-revealjs`, MathJax as for the site.
"""

from __future__ import annotations

import os
import shutil
import sys
from base64 import b64encode
from html import escape
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import SlidesExporter
from nbconvert.preprocessors import ExecutePreprocessor
from nbformat import NotebookNode
from own_mathjax import find_script
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
NAME = "notebooks/slides"
PACKAGE, SCRIPT = "sphinx-revealjs", "revealjs/dist/reveal.js"
SHEET = "reveal.js/dist/theme/slides.css"  # where nbconvert looks for the theme of that name
SVG = "image/svg+xml"
PICTURE = '<img alt="{alt}" src="data:image/svg+xml;base64,{data}">'


def find_reveal() -> Path:
    """Find the folder of reveal.js among the files of the installed package."""
    package = distribution(PACKAGE)
    for file in package.files or []:
        if file.as_posix().endswith(SCRIPT):
            return Path(str(package.locate_file(file))).parents[1]
    raise ExtensionError(f"{PACKAGE} {package.version} holds no {SCRIPT}")


def name_pictures(notebook: NotebookNode) -> None:
    """Make each figure a picture with its alt text: side by side, SVGs would share their ids."""
    for cell in notebook.cells:
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        for output in cell.get("outputs", []):
            if drawn := output.get("data", {}).get(SVG):
                data = b64encode(drawn.encode()).decode()
                output["data"] = {"text/html": PICTURE.format(alt=escape(alt), data=data)}


def write_slides(notebook: NotebookNode, folder: Path) -> Path:
    """Write the slides of a notebook that has run, with all that they load; return the page."""
    name_pictures(notebook)
    exporter = SlidesExporter(
        template_name="slides",
        extra_template_basedirs=[str(HERE)],
        reveal_url_prefix="reveal.js",
        reveal_theme=Path(SHEET).stem,
        mathjax_url=find_script().name,
        exclude_input=True,
    )
    title = notebook.cells[0].source.splitlines()[0].removeprefix("# ")
    page, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": title}})
    shutil.rmtree(folder, ignore_errors=True)
    (folder / SHEET).parent.mkdir(parents=True)
    for name in ("LICENSE", "dist/reveal.js", "dist/reveal.css"):
        shutil.copyfile(find_reveal() / name, folder / "reveal.js" / name)
    shutil.copyfile(HERE / "slides" / "slides.css", folder / SHEET)
    shutil.copyfile(find_script(), folder / find_script().name)
    (folder / "index.html").write_text(page, encoding="utf-8")
    return folder / "index.html"


def write_beside_site(app: Sphinx, error: Exception | None) -> None:
    """Write ``_static/slides`` from the notebook as the book has run it."""
    if error is not None or app.builder.format != "html" or NAME not in app.env.found_docs:
        return
    run = Path(app.env.mystnb_config.output_folder) / f"{NAME}.ipynb"
    write_slides(nbformat.read(run, as_version=4), Path(app.outdir) / "_static" / "slides")


def setup(app: Sphinx) -> dict[str, Any]:
    """Write them last: the builder empties nothing after that."""
    app.connect("build-finished", write_beside_site)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def main(folder: Path = ROOT / "_build" / "slides") -> int:
    """Run the notebook as a reader would and write its slides."""
    path = ROOT / f"{NAME}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    places = filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])
    os.environ["PYTHONPATH"] = os.pathsep.join(places)
    os.environ.pop("MPLBACKEND", None)  # figures appear in the cell
    ExecutePreprocessor(timeout=300).preprocess(notebook, {"metadata": {"path": str(path.parent)}})
    print(f"Written. The slides are at {write_slides(notebook, folder)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
