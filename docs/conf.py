"""Settings of the documentation."""

import importlib.metadata
import sys
from pathlib import Path

project = "sx_sim"
author = "The sx_sim developers"
copyright = "2026, the sx_sim developers"
release = importlib.metadata.version("sx_sim")

sys.path.insert(0, str(Path(__file__).parent))  # for mathml

extensions = [
    "mathml",
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_gallery.gen_gallery",
]
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
numpydoc_show_class_members = False
autodoc_typehints = "none"
autosummary_generate = True
exclude_patterns = ["_build", "derivations", "gallery/README.rst"]
html_math_renderer = "mathml"
html_theme = "alabaster"
html_theme_options = {"page_width": "1100px", "description": "Rare earths, stage by stage"}
suppress_warnings = ["config.cache"]

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"/plot_",
    "show_memory": False,
    "download_all_examples": False,
}
