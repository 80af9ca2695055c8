"""The walk-through's pictures, from a photo that matplotlib brings."""

from __future__ import annotations

import os
import time

from kpalette import image, pipeline
from kpalette.extras import required

PHOTO = "grace_hopper.jpg"
KS = (8, 16, 32)
FEW = {k: f"photo-{k}.png" for k in KS}
IN_SPACE, SIDE_BY_SIDE = "colors-3d.png", "side-by-side.png"
#: All pictures that are written.
NAMES = (*FEW.values(), IN_SPACE, SIDE_BY_SIDE)


def load_photo() -> image.Image:
    """Read the sample photo.

    Raises
    ------
    OSError
        If this Matplotlib came without it.
    ImportError
        If Matplotlib is not installed.
    """
    cbook = required("matplotlib.cbook", "the demo")
    photo = image.load_image(cbook.get_sample_data(PHOTO, asfileobj=False))
    photo.title = f"{photo.shape[1]}×{photo.shape[0]} pixels"
    return photo


def make_pictures(photo: image.Image, out: str) -> str:
    """Write the photo in few colours, all side by side, and its colours in 3-D, into a directory.

    Returns
    -------
    str
        A table, where time is from array to palette and indices.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    shown = [photo]
    pipeline.quantize(photo.rgb_matrix, KS[0])  # the first call is slower
    rows = [f"{'k':>3}  {'time':>9}  passes  {'MSE':>6}  {'PSNR':>8}  {'file size':>13}"]
    os.makedirs(out, exist_ok=True)
    for k, name in FEW.items():
        start = time.perf_counter()
        quantized = pipeline.quantize(photo.rgb_matrix, k)
        seconds = time.perf_counter() - start
        path = os.path.join(out, name)
        quantized.save(path)
        rows.append(
            f"{k:3}  {1000 * seconds:6.1f} ms  {quantized.n_iter:6}  {quantized.mse:6.1f}  "
            f"{quantized.psnr:5.2f} dB  {os.path.getsize(path):7,} bytes"
        )
        shown.append(image.Image(quantized.rgb, title=f"k = {k}"))
        if k == 16:
            image.plot_rgb_vector(
                photo.rgb_vector,
                figsize=(9, 7),
                title=f"The photo's colours and the {k} best",
                centers=quantized.palette.colors,
                save=os.path.join(out, IN_SPACE),
            )
    image.display_images(*shown, figsize=(14, 5), save=os.path.join(out, SIDE_BY_SIDE))
    return "\n".join(rows)
