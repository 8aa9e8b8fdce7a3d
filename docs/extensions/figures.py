"""Shows figures that a page of the gallery holds: redqueen's own are objects, which pyplot does not know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from matplotlib.figure import Figure
from sphinx_gallery.scrapers import figure_rst


def _get_sg_image_scraper() -> Callable[..., str]:
    # The name by which Sphinx-Gallery asks a module for its scraper.
    return show_new


def show_new(block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Saves every figure that a block gave a name to, once, and gives the lines that show them."""
    seen = block_vars.setdefault("figures_shown", set())
    saved = []
    for value in block_vars["example_globals"].values():
        # Those of pyplot have a number, and are shown by its own scraper.
        if isinstance(value, Figure) and not hasattr(value, "number") and id(value) not in seen:
            seen.add(id(value))
            saved.append(str(next(block_vars["image_path_iterator"])))
            value.savefig(saved[-1], dpi=150, bbox_inches="tight")
    return figure_rst(saved, gallery_conf["src_dir"])
