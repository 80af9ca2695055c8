"""The library gives what tests/golden/page.json has, which the playground's page is held to."""

import json

from tools import golden_page


def test_the_stored_file_is_what_the_library_gives() -> None:
    assert json.loads(golden_page.GOLDEN.read_text()) == golden_page.content()


def test_it_covers_what_formats_refuse() -> None:
    files = [entry["files"] for entry in golden_page.content()["palettes"]]
    refused = {kind for entry in files for kind, data in entry.items() if data is None}
    assert refused == {"act", "ase", "gpl", "pal"}
