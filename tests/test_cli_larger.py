"""Nothing grows unseen: larger pictures are told of, and replace no photo unless they may."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from conftest import gradient, noise
from kpalette import cli

MANY = ["-k", "64"]


@pytest.fixture
def lossy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write lossy files, than which no lossless one is smaller, under names of every format."""
    monkeypatch.chdir(tmp_path)
    stills = [Image.fromarray(noise(240, 320, seed=i)) for i in range(3)]
    for name, kind in (("a.png", "JPEG"), ("a.webp", "WEBP"), ("a.tiff", "JPEG")):
        stills[0].save(name, kind, quality=1)
    for name in ("moving.gif", "moving.webp", "moving.apng"):
        stills[0].save(name, "WEBP", quality=1, save_all=True, append_images=stills[1:])
    return tmp_path


IN_PLACE = [
    (name, ["quantize", name, "--force", "--ext", os.path.splitext(name)[1], *MANY])
    for name in ("a.png", "a.webp", "a.tiff", "moving.gif", "moving.webp", "moving.apng")
] + [
    ("a.png", ["quantize", "a.png", "--force", "-o", "a.png", *MANY]),
    ("a.png", ["quantize", "a.png", "--force", "-o", "link.png", *MANY]),
    ("a.png", ["--force", "--ext", ".png", "64", "-v", "a.png"]),
    ("a.png", ["remap", "a.png", "--palette", "p.hex", "-f", "-o", "a.png"]),
]


@pytest.mark.parametrize(("name", "args"), IN_PLACE, ids=[" ".join(args) for _, args in IN_PLACE])
def test_a_larger_picture_replaces_no_photo(
    name: str, args: list[str], lossy: Path, capsys: Any
) -> None:
    Path("link.png").symlink_to("a.png")
    Path("p.hex").write_text(
        "\n".join(f"{i:02x}{i:02x}{j:02x}" for i in range(0, 256, 8) for j in (i, 99))
    )
    before = Path(name).read_bytes()
    assert cli.run([*args, "--json"]) == 0
    said = capsys.readouterr()
    assert said.err.startswith(f"{name}: left as it is: {len(before):,} bytes would become ")
    assert said.err.count("\n") == 1
    assert " larger; --even-if-larger replaces it" in said.err
    report = json.loads(said.out)
    assert (report["code"], report["skipped"], report["written"]) == (0, True, False)
    assert report["bytes_out"] > report["bytes_in"] == len(before)
    assert Path(name).read_bytes() == before
    assert cli.run([*args, "--even-if-larger", "--json"]) == 0
    said = capsys.readouterr()
    after = Path(name).stat().st_size
    assert after == report["bytes_out"]
    growth = 100 * (after - len(before)) / len(before)
    assert f" {len(before):,} to {after:,} bytes ({growth:,.0f} % larger) in " in said.err
    assert json.loads(said.out)["written"] is True


def test_what_does_not_grow_replaces_its_photo(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(noise(40, 40)).save(path)
    args = ["quantize", str(path), "--force", "--ext", ".png", "-k", "8"]
    before = path.stat().st_size
    assert cli.run(args) == 0
    once = path.read_bytes()
    assert len(once) < before
    assert "larger" not in capsys.readouterr().err
    assert cli.run([*args, "--json", "-q"]) == 0  # the same again
    assert json.loads(capsys.readouterr().out)["written"] is True
    assert path.read_bytes() == once


def test_it_says_by_how_few_bytes(tmp_path: Path, capsys: Any) -> None:
    path, out = tmp_path / "a.png", tmp_path / "b.png"
    Image.fromarray(noise(40, 40)).save(path)
    assert cli.run(["quantize", str(path), "-k", "200", "-o", str(out)]) == 0
    small = out.read_bytes()
    path.write_bytes(small[:-12])  # of a PNG without its end chunk
    assert cli.run(["quantize", str(path), "--allow-truncated", "-fo", str(out)]) == 0
    assert (
        f"{len(small) - 12:,} to {len(small):,} bytes (12 bytes larger) in "
        in capsys.readouterr().err
    )


def test_the_summary_counts_them(lossy: Path, capsys: Any) -> None:
    Image.fromarray(noise(40, 40)).save("b.png")
    args = ["quantize", "a.png", "b.png", "missing.png", "--force", *MANY]
    assert cli.run([*args, "--ext", ".png"]) == 3
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("1 of 3 photos, 1 not replaced (larger), 1 failed; ")
    assert "(1 larger)" not in last
    assert cli.run([*args, "--out-dir", "out"]) == 3
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("2 of 3 photos, 1 failed; ")
    assert " bytes (1 larger) in " in last


def test_a_larger_picture_beside_its_photo_is_written(lossy: Path) -> None:
    assert cli.run(["quantize", "a.png", "-q", *MANY]) == 0
    assert cli.run(["quantize", "a.png", "-q", "-f", *MANY]) == 0
    assert Path("a-64.png").stat().st_size > Path("a.png").stat().st_size


def test_skipping_is_told_from_it(lossy: Path, fails: Any) -> None:
    args = ["quantize", "a.png", "--force", "--ext", ".png", *MANY]
    assert "skipped: " in fails(98, *args, "--skip-if-larger", "-q")
    assert "--skip-if-larger and --even-if-larger exclude each other" in fails(
        2, *args, "--skip-if-larger", "--even-if-larger"
    )


def test_a_dry_run_has_written_nothing(lossy: Path, capsys: Any) -> None:
    assert cli.run(["quantize", "a.png", "--dry-run", "--json", "-q"]) == 0
    assert json.loads(capsys.readouterr().out)["written"] is False


# What is advised where pictures are larger: a command line, and the last line that it says.
ADVICE = [
    ("quantize a.jpg", "{jpeg}--smaller 2, -k 32 or --max-bytes {bytes}k"),
    ("a.jpg 64", "{jpeg}--smaller 2, -k 32 or --max-bytes {bytes}k"),
    ("quantize a.jpg -k 16", "{jpeg}--smaller 2, -k 8 or --max-bytes {bytes}k"),
    ("quantize a.jpg --smaller 1", "{jpeg}-k 32 or --max-bytes {bytes}k"),
    ("quantize a.jpg --dither bayer", "{jpeg}-k 32 or --max-bytes {bytes}k"),
    ("quantize a.jpg --effort fast", "{jpeg}--smaller 2 or -k 32"),
    ("quantize a.jpg --psnr 50", "{jpeg}--smaller 2"),
    ("quantize a.jpg --map p.hex", "{jpeg}--smaller 2"),
    ("quantize a.jpg --shared-palette", "{jpeg}--smaller 2 or -k 32"),
    ("quantize a.jpg --format webp", "{plain}-k 32"),
    ("quantize a.webp", "{plain}--smaller 2, -k 32 or --max-bytes {bytes}k"),
    ("quantize a.jpg b.jpg", "{jpeg}--smaller 2 or -k 32"),
    ("quantize a.webp b.jpg", "{plain}--smaller 2 or -k 32"),
    ("quantize moving.webp", "{plain}-k 32"),
    ("remap a.jpg --palette p.hex", "{jpeg}--smaller 2"),
    ("remap a.jpg --palette p.hex --smaller 1", None),
]


@pytest.mark.parametrize(("line", "advice"), ADVICE, ids=[line for line, _ in ADVICE])
def test_what_would_be_smaller_is_told(
    line: str, advice: str | None, lossy: Path, capsys: Any
) -> None:
    os.rename("a.png", "a.jpg")
    Image.fromarray(noise(240, 320, seed=5)).save("b.jpg", "JPEG", quality=1)
    Path("p.hex").write_text("\n".join(f"{i:02x}" * 3 for i in range(0, 256, 3)))
    args = line.split()
    size = Path(args[1] if args[0] in ("quantize", "remap") else args[0]).stat().st_size
    plain = "for a smaller file: "
    jpeg = f"an indexed PNG is often larger than a JPEG; {plain}"
    assert cli.run(args) == 0
    last = capsys.readouterr().err.splitlines()[-1]
    if advice is None:
        assert "for a smaller file" not in last
    else:
        assert last == advice.format(jpeg=jpeg, plain=plain, bytes=size // 1000)
    assert cli.run([*args, "--force", "--quiet"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("option", ["--smaller 2", "-k 32", "--max-bytes 1k"])
def test_the_advice_makes_smaller_files(option: str, tmp_path: Path) -> None:
    photo, out = tmp_path / "a.jpg", tmp_path / "a.png"
    pixels = gradient(96, 128) // 2 + noise(96, 128) // 16
    Image.fromarray(pixels).save(photo, "JPEG", quality=30)
    args = ["quantize", str(photo), "-o", str(out), "--force", "--quiet"]
    assert cli.run(args) == 0
    before = out.stat().st_size
    assert before > photo.stat().st_size
    if option.startswith("--max-bytes"):
        option = f"--max-bytes {photo.stat().st_size // 1000}k"
    assert cli.run([*args, *option.split()]) == 0
    assert out.stat().st_size < before
