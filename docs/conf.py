"""How the pages are built: Sphinx reads the Markdown that stands here, and what the package declares of itself. Nothing is fetched."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "extensions"))

import redqueen  # noqa: E402 (the path above comes first)

project = "redqueen"
author = "redqueen"
project_copyright = "redqueen, Apache-2.0"
release = version = redqueen.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_gallery.gen_gallery", "declared"]
exclude_patterns = ["_build", "gallery", "questions/*.ipynb", "questions/*.md5", "questions/*.zip", "questions/*.json"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
nitpicky = False

myst_heading_anchors = 4
myst_enable_extensions = ["deflist"]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
# Docstrings are sentences with single backquotes around names.
default_role = "literal"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 100

html_theme = "furo"
html_title = "redqueen"
html_static_path = ["_static"]
html_css_files = ["tables.css"]
html_copy_source = False
html_show_sourcelink = False
# The theme's own fonts are those of the reader's system; no page asks for anything elsewhere.
html_theme_options = {"navigation_with_keys": False, "footer_icons": []}

sphinx_gallery_conf = {
    "examples_dirs": ["gallery"],
    "gallery_dirs": ["questions"],
    "filename_pattern": r"/question_",
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": True,
    "only_warn_on_example_error": False,
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "min_reported_time": 0,
    "image_scrapers": ("matplotlib", "figures"),
    "reset_modules": ("matplotlib",),
    "remove_config_comments": True,
    "capture_repr": ("_repr_html_", "__repr__"),
    "plot_gallery": True,
    "write_computation_times": False,
    "nested_sections": False,
}
suppress_warnings = ["config.cache"]
