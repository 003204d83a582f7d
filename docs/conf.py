"""How Sphinx builds the site: see docs/developing.md, "The documentation"."""

from __future__ import annotations

import os
import runpy
import sys
from importlib.util import find_spec
from pathlib import Path

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS / "_extensions"))

import sklearn_dgex  # noqa: E402

project = "sklearn_dgex"
author = "the sklearn_dgex developers"
copyright = author
version = release = sklearn_dgex.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "numpydoc",
    "myst_parser",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "mathml",
    "own_members",
    "themed_picture",
]
exclude_patterns = ["_build", "_extensions", "_templates", "draw", "pictures"]
exclude_patterns += ["gallery/**/*.md", "**/sg_execution_times.rst"]  # what the gallery leaves
suppress_warnings = ["config.cache"]  # a template's function can't be pickled, nor need it be
templates_path = ["_templates"]

# Other projects' indices are on the network; a build without one leaves their names unlinked.
intersphinx_mapping = {}
if os.environ.get("SKLEARN_DGEX_DOCS_ONLINE"):
    intersphinx_mapping = {
        "joblib": ("https://joblib.readthedocs.io/en/stable/", None),
        "numpy": ("https://numpy.org/doc/stable/", None),
        "pandas": ("https://pandas.pydata.org/docs/", None),
        "python": ("https://docs.python.org/3/", None),
        "scikit-learn": ("https://scikit-learn.org/stable/", None),
        "skorch": ("https://skorch.readthedocs.io/en/stable/", None),
        "torch": ("https://docs.pytorch.org/docs/stable/", None),
    }

myst_enable_extensions = ["attrs_block", "attrs_inline", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 4

autosummary_generate = True
maximum_signature_line_length = 72
autodoc_typehints = "none"  # the docstrings have the types, with shapes
numpydoc_show_class_members = False  # the class template lists what is the class's own
numpydoc_xref_param_type = False

html_math_renderer = "mathml"
copybutton_prompt_text = r"\$ |>>> |\.\.\. "
copybutton_prompt_is_regexp = True

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    # One example needs anndata, which goes with pandas 3 from Python 3.12 on.
    "filename_pattern": r"plot_" if find_spec("anndata") else r"plot_(?!anndata)",
    "abort_on_example_error": True,
    "backreferences_dir": "api/examples",
    "doc_module": ("sklearn_dgex",),
    "remove_config_comments": True,
    "show_memory": False,
    "show_signature": False,
    "min_reported_time": 2,
    "within_subsection_order": "ExampleTitleSortKey",
    "plot_gallery": os.environ.get("SKLEARN_DGEX_DOCS_EXAMPLES", "1") != "0",
}

html_theme = "pydata_sphinx_theme"
html_title = "sklearn_dgex"
html_static_path = ["_static"]
html_css_files = ["custom.css"]
html_favicon = "_static/favicon.svg"
html_show_sourcelink = False
html_theme_options = {
    "logo": {"text": "sklearn_dgex"},
    "header_links_before_dropdown": 6,
    "navbar_end": ["theme-switcher"],
    "navigation_with_keys": False,
    "show_prev_next": False,
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": ["sphinx-version"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_context = {"default_mode": "auto"}
html_sidebars = {"index": [], "install": [], "tour": [], "changelog": []}
linkcheck_anchors = False

# The pictures that explain networks, gain and house are drawn by code, anew for each build.
runpy.run_path(str(DOCS / "draw" / "__main__.py"))["draw_all"](DOCS / "_static" / "drawn")
