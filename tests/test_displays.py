"""How images, palettes and results are shown: as a notebook cell's last value, or by a viewer."""

import base64
import io
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import nbformat
import numpy as np
import PIL.Image
import PIL.ImageShow
import pytest
from nbclient import NotebookClient

import kpalette
from conftest import PATIENCE, gradient, noise
from kpalette import image, notebook

EMBEDDED = re.compile(r'src="data:image/png;base64,([^"]+)"')


class Page(HTMLParser):
    """The elements and the text of some HTML; refuses what is not closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data) -> None:
        self.text.append(data)

    @property
    def fields(self) -> list[str]:
        styles = (attrs.get("style") or "" for _, attrs in self.tags)
        return [found[1] for s in styles if (found := re.search("background-color:([^;]+)", s))]


def opened(png: bytes) -> PIL.Image.Image:
    return PIL.Image.open(io.BytesIO(png))


@pytest.fixture
def palette() -> kpalette.Palette:
    colors = np.array([[255, 127, 0], [0, 0, 0], [1, 2, 3]], np.uint8)
    return kpalette.Palette(colors, np.array([7000, 2999, 1]))


class TestImage:
    def test_is_shown_as_it_is(self) -> None:
        pixels = noise(5, 9)
        assert np.array_equal(np.asarray(opened(image.Image(pixels)._repr_png_())), pixels)

    @pytest.mark.parametrize(
        ("shape", "shown"),
        [((1024, 3), (3, 1024)), ((2048, 1024), (512, 1024)), ((2, 5000), (1024, 1))],
    )
    def test_large_ones_are_scaled_down(self, shape, shown) -> None:
        assert opened(image.Image(noise(*shape))._repr_png_()).size == shown

    def test_scaled_down_to_means(self) -> None:
        stripes = np.zeros((2, 2048, 3), np.uint8)
        stripes[:, ::2] = 200
        pixels = np.asarray(opened(image.Image(stripes)._repr_png_()))
        assert np.all(pixels == 100)


class TestPalette:
    def test_swatches_with_names_and_shares(self, palette) -> None:
        page = Page(palette._repr_html_())
        assert page.fields == palette.hex
        assert page.text == ["#ff7f00", "70.0%", "#000000", "30.0%", "#010203", "<0.1%"]

    def test_without_counts_there_are_no_shares(self, palette) -> None:
        assert Page(kpalette.Palette(palette.colors)._repr_html_()).text == palette.hex

    def test_large_ones_are_bounded(self) -> None:
        colors = np.unique(noise(1, 70_000)[0], axis=0)[:65_536]
        html = kpalette.Palette(colors)._repr_html_()
        page = Page(html)
        assert len(page.fields) == notebook.MAX_SWATCHES
        assert page.text == ["and 65,280 more"]
        assert len(html) < 100_000

    def test_alpha_is_part_of_the_colour(self) -> None:
        html = kpalette.Palette(np.array([[1, 2, 3, 128]], np.uint8))._repr_html_()
        assert Page(html).fields == ["#01020380"]


class TestQuantized:
    @pytest.mark.parametrize("k", [4, 300])
    def test_picture_figures_and_palette(self, k: int) -> None:
        q = kpalette.quantize(noise(30, 40), k)
        html = q._repr_html_()
        pixels = opened(base64.b64decode(EMBEDDED.search(html)[1])).convert("RGB")
        assert np.array_equal(np.asarray(pixels), q.rgb)
        page = Page(html)
        assert page.fields == q.palette.hex[: notebook.MAX_SWATCHES]
        text = "".join(page.text)
        assert f"40×30 · colours 1,200 to {k} · MSE {q.mse:.2f} · PSNR {q.psnr:.2f} dB" in text

    def test_scaled_down_it_keeps_its_colours(self) -> None:
        q = kpalette.quantize(gradient(1500, 2000), 5)
        shown = opened(base64.b64decode(EMBEDDED.search(q._repr_html_())[1]))
        assert shown.size == (1024, 768)
        assert {color for _, color in shown.convert("RGB").getcolors()} == {
            tuple(color) for color in q.palette.colors.tolist()
        }

    def test_nothing_lost(self) -> None:
        assert "PSNR <b>∞</b>" in kpalette.quantize(np.zeros((2, 2), np.uint8), 2)._repr_html_()


def test_nothing_comes_from_elsewhere(palette) -> None:
    q = kpalette.quantize(noise(9, 9), 4)
    for html in (palette._repr_html_(), q._repr_html_()):
        for tag, attrs in Page(html).tags:
            assert tag in ("div", "img", "br", "small", "b")
            assert set(attrs) <= {"style", "title", "src", "alt"}
            assert (attrs.get("src") or "data:").startswith("data:")
            assert "url(" not in (attrs.get("style") or "")
            # Text has the page's own colour, light or dark.
            assert not re.search(r"(^|;)color:", attrs.get("style") or "")


def test_text_is_escaped() -> None:
    page = Page(notebook.facts({"<a>": "<b>&"}) + notebook.swatches(['"<i>"'], [0.5]))
    assert page.text == ["<a> ", "<b>&", '"<i>"', "50.0%"]
    assert '"<i>" 50.0%' in [attrs.get("title") for _, attrs in page.tags]
    alt = Page(notebook.img(PIL.Image.new("RGB", (1, 1)), 'a "b" <c>')).tags[0][1]["alt"]
    assert alt == 'a "b" <c>'


class TestShow:
    def test_a_viewer_gets_the_picture(self, monkeypatch) -> None:
        shown = []

        class Viewer(PIL.ImageShow.Viewer):
            def show(self, image: PIL.Image.Image, **options: object) -> bool:
                shown.append((image, options))
                return True

        monkeypatch.setattr(PIL.ImageShow, "_viewers", [Viewer()])
        q = kpalette.quantize(noise(9, 12), 4)
        q.show()
        ((picture, options),) = shown
        assert np.array_equal(np.asarray(picture.convert("RGB")), q.rgb)
        assert options == {"title": repr(q)}

    def test_without_a_viewer_it_says_so(self, monkeypatch) -> None:
        monkeypatch.setattr(PIL.ImageShow, "_viewers", [])
        with pytest.raises(RuntimeError, match=r"show: found no program that shows pictures; save"):
            kpalette.quantize(noise(9, 12), 4).show()

    def test_a_notebook_shows_it_below_the_cell(self) -> None:
        code = "import numpy as np, kpalette\nkpalette.quantize(np.eye(8, 5), 2).show()"
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
        NotebookClient(book, timeout=PATIENCE, kernel_name="python3").execute()
        (output,) = book.cells[0].outputs
        assert opened(base64.b64decode(output.data["image/png"])).size == (5, 8)


class TestAnimation:
    MOVING = re.compile(r'src="data:image/(gif|png);base64,([^"]+)"')

    @staticmethod
    def clip(*shape: int, n: int = 3, alpha: int = 255) -> kpalette.QuantizedAnimation:
        still = np.full((*shape, 1), alpha, np.uint8)
        frames = [np.concatenate([noise(*shape, seed=seed), still], axis=2) for seed in range(n)]
        pairs = [(frame, 500) for frame in frames]
        return kpalette.quantize_animation(pairs, 8, palette_scope="global", effort="fast")

    @pytest.mark.parametrize(("alpha", "kind"), [(255, "gif"), (128, "png")])
    def test_a_cell_shows_it_playing(self, alpha: int, kind: str) -> None:
        clip = self.clip(9, 12, alpha=alpha)
        html = clip._repr_html_()
        found = self.MOVING.search(html)
        assert found[1] == kind
        assert base64.b64decode(found[2]) == clip.encode(kind)
        page = Page(html)
        assert "12×9 · frames 3 in 1.5 s · palettes 1 of 8 colours" in "".join(page.text)
        assert page.fields == clip.palettes[0].hex

    def test_large_ones_are_sampled_down(self) -> None:
        clip = self.clip(3, 2500)
        shown = opened(base64.b64decode(self.MOVING.search(clip._repr_html_())[2]))
        assert shown.size == (834, 1)
        assert shown.n_frames == 3
        wanted = clip.frames[0].rgb[::3, ::3]
        assert np.array_equal(np.asarray(shown.convert("RGB")), wanted)

    def test_of_large_files_the_first_frame_is_shown(self, monkeypatch) -> None:
        monkeypatch.setattr(notebook, "MAX_BYTES", 100)
        clip = self.clip(9, 12)
        html = clip._repr_html_()
        shown = opened(base64.b64decode(EMBEDDED.search(html)[1]))
        assert np.array_equal(np.asarray(shown.convert("RGB")), clip.frames[0].rgb)
        assert "the first frame, since all take" in html

    def test_a_browser_gets_a_file(self, monkeypatch) -> None:
        addresses: list[str] = []
        monkeypatch.setattr("webbrowser.open", lambda address: addresses.append(address) or True)
        clip = self.clip(9, 12)
        clip.show()
        path = Path(url2pathname(urlsplit(addresses[0]).path))
        assert path.read_bytes() == clip.encode("gif")

    def test_without_a_browser_it_says_so(self, monkeypatch) -> None:
        monkeypatch.setattr("webbrowser.open", lambda _: False)
        with pytest.raises(RuntimeError, match=r"found none; save\(path\) writes a file"):
            self.clip(2, 2).show()

    def test_a_notebook_shows_it_below_the_cell(self) -> None:
        code = (
            "import numpy as np, kpalette\n"
            "kpalette.quantize_animation([(np.eye(8, 5), 90), (np.eye(8, 5, 1), 90)], 2).show()"
        )
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
        NotebookClient(book, timeout=PATIENCE, kernel_name="python3").execute()
        (output,) = book.cells[0].outputs
        assert "data:image/gif;base64," in output.data["text/html"]
