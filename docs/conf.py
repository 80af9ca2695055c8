"""How Sphinx makes the site. Nothing is fetched while it does."""

import sys
from importlib.metadata import version as version_of
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "ext"))

project = "kpalette"
author = "The kpalette developers"
copyright = author
release = version = version_of("kpalette")

extensions = [
    "commands",  # in ext/
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
]
exclude_patterns = ["README.md"]

html_theme = "furo"
html_title = "kpalette"
html_copy_source = False
html_theme_options = {"navigation_with_keys": True}
# -- and "…" in commands and errors mean what they say.
smartquotes = False

# Pages are Markdown; links to headings of other pages work as they do in a code host's view.
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]
# The notebook is committed with its outputs, which a test compares with those of a run.
nb_execution_mode = "off"
nb_merge_streams = True

copybutton_prompt_text = "$ "
copybutton_exclude = ".linenos, .gp, .go"

# Docstrings say types as people write them: "uint8 array (h, w, 3)".
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
napoleon_google_docstring = False
napoleon_use_rtype = False
# What a docstring links to must be in the reference.
nitpicky = True
nitpick_ignore_regex = [("py:class", r"(?!kpalette\.).*"), ("py:exc", r"(?!kpalette\.).*")]
linkcheck_ignore = [r"http://127\.0\.0\.1.*"]
