"""The package without its extras: everything runs but what needs one, and that says which."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from conftest import gradient, noise
from kpalette import cli, curve, image, metrics, model
from kpalette.extras import MissingPackageError, required

#: What the extras install, and what that brings along.
HEAVY = (
    "dask",
    "matplotlib",
    "oxipng",
    "scipy",
    "skimage",
    "sklearn",
    "tifffile",
    "tqdm",
    "zarr",
    "zopfli",
)

WITHOUT = f"""
import sys
sys.modules.update(dict.fromkeys({HEAVY!r}))  # importing them raises ModuleNotFoundError
from kpalette import cli
"""


@pytest.fixture
def without(monkeypatch):
    """Take the heavy packages away, from this process, until the test ends."""
    for name in [*sys.modules]:
        if name.partition(".")[0] in HEAVY:
            monkeypatch.delitem(sys.modules, name)
    for name in HEAVY:
        monkeypatch.setitem(sys.modules, name, None)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    Image.fromarray(gradient(24, 30)).save(tmp_path / "photo.png")
    frames = [Image.fromarray(noise(8, 9, seed=seed)) for seed in range(3)]
    frames[0].save(tmp_path / "clip.gif", save_all=True, append_images=frames[1:])
    (tmp_path / "few.hex").write_text("#000000\n#ff8800\n")
    return tmp_path / "photo.png"


@pytest.mark.parametrize(
    "command",
    [
        ["--help"],
        ["quantize", "photo.png", "-k", "8", "--dither", "floyd-steinberg"],
        ["quantize", "clip.gif", "-k", "8", "-o", "few.gif"],
        ["16", "photo.png"],
        ["palette", "photo.png"],
        ["remap", "photo.png", "--palette", "few.hex", "-o", "few.png"],
        ["sweep", "photo.png", "-k", "2:4"],
        ["compare", "photo.png", "photo.png"],
    ],
    ids=lambda command: " ".join(command),
)
def test_commands_run_without_extras(photo: Path, command: list[str]) -> None:
    code = f"{WITHOUT}\nsys.exit(cli.run({command!r}))"
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=photo.parent, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize(
    ("command", "package", "extra"),
    [
        (["demo", "-o", "pictures"], "Matplotlib", "'kpalette[learn]'"),
        (["sweep", "photo.png", "-o", "curve.png"], "Matplotlib", "'kpalette[learn]'"),
        (["compare", "photo.png", "photo.png", "-o", "e.png"], "Matplotlib", "'kpalette[learn]'"),
        (["compare", "photo.png", "photo.png", "--ssim"], "scikit-image", "scikit-image"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_commands_name_the_extra(
    photo: Path, command: list[str], package: str, extra: str, without, capsys, monkeypatch
) -> None:
    monkeypatch.chdir(photo.parent)
    before = sorted(photo.parent.iterdir())
    assert cli.run(command) == 2
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert f": {package} is not installed; pip install {extra}" in said.err
    assert sorted(photo.parent.iterdir()) == before


@pytest.mark.parametrize(
    "draw",
    [
        lambda: image.display_images(image.Image(noise(4, 4))),
        lambda: image.plot_rgb_vector(noise(1, 4)[0]),
        lambda: model.plot_k_metrics([1, 2], [2, 1], [1, 1]),
        lambda: metrics.plot_error_map(np.zeros((4, 4))),
        lambda: curve.sweep(noise(4, 4), [2, 3]).chart("png"),
    ],
)
def test_figures_name_the_extra(draw, without) -> None:
    with pytest.raises(ImportError, match=r"figures: Matplotlib is not.*'kpalette\[learn\]'"):
        draw()


def test_a_picture_is_not_fitted_if_it_cannot_be_shown(without, capsys) -> None:
    with pytest.raises(ImportError, match="figures: Matplotlib is not"):
        model.quantize_image(image.Image(noise(4, 4)), 2, 44)
    assert capsys.readouterr().out == ""


def test_engines_name_the_extra(without) -> None:
    with pytest.raises(ImportError, match=r"scikit-learn is not.*'kpalette\[learn\]'"):
        model.record_k_metrics(image.Image(noise(4, 4)), [2], 44, engine="scikit-learn")


def test_a_sweep_shows_itself_without_its_chart(without) -> None:
    shown = curve.sweep(noise(4, 4), [2, 3])._repr_html_()
    assert shown.startswith("<table>")


def test_what_a_package_lacks_itself_is_not_taken_for_the_package(tmp_path, monkeypatch) -> None:
    (tmp_path / "sklearn.py").write_text("import no_such_package")
    monkeypatch.delitem(sys.modules, "sklearn", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_package") as caught:
        required("sklearn", "a test")
    assert not isinstance(caught.value, MissingPackageError)
