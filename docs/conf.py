"""How Sphinx makes the site. Nothing is fetched while it does."""

from __future__ import annotations

import re
import sys
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref

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

html_theme = "furo"
html_title = "kpalette"
html_copy_source = False
html_theme_options = {"navigation_with_keys": True}
# The -- between a parameter and what it is becomes a dash; quotes stay what they are.
smartquotes_action = "D"

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


def unlink_words(app: Any, tree: nodes.document) -> None:
    """Keep words of a type, such as k in "uint8 array (k, 3)", from leading to their namesakes."""
    for link in list(tree.findall(pending_xref)):
        if link["reftype"] == "class" and link["reftarget"].islower():
            link.replace_self(link.children)


def hide_private(app: Any, what: str, name: str, thing: Any, _: Any, shown: Any, back: Any) -> Any:
    """Leave out of a signature what only the package itself gives."""
    return shown and re.sub(r", _\w+(=\w+)?", "", shown), back


def setup(app: Any) -> None:
    app.connect("autodoc-process-signature", hide_private)
    app.connect("doctree-read", unlink_words)
