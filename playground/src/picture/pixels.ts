// The pixels of a bitmap, as they are in the file.

type Pixels = Uint8ClampedArray<ArrayBuffer>;

/** Reads R, G, B and alpha, (height, width, 4). */
export function pixelsOf(bitmap: ImageBitmap | OffscreenCanvas): Pixels {
  const { width, height } = bitmap;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new RangeError("no memory for the canvas");
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  return data as Pixels;
}

export function isTranslucent(pixels: Pixels): boolean {
  for (let i = 3; i < pixels.length; i += 4) if (pixels[i] > 0 && pixels[i] < 255) return true;
  return false;
}

/** The side of what is read at once, in pixels, which every WebGL supports. */
const TILE = 2048;

/**
 * Reads pixels of a bitmap that was made with `premultiplyAlpha: "none"`.
 *
 * A 2D canvas holds colours times alpha, in bytes, so that half-transparent ones come back changed.
 * A texture holds them as they are. Gives null where there is no WebGL.
 */
export async function exactPixelsOf(bitmap: ImageBitmap): Promise<Pixels | null> {
  const gl = new OffscreenCanvas(1, 1).getContext("webgl2");
  if (!gl) return null;
  const { width, height } = bitmap;
  const pixels = new Uint8ClampedArray(4 * width * height);
  gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
  gl.pixelStorei(gl.PACK_ROW_LENGTH, width);
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
  const bytes = new Uint8Array(pixels.buffer);
  for (let top = 0; top < height; top += TILE) {
    for (let left = 0; left < width; left += TILE) {
      const [wide, tall] = [Math.min(TILE, width - left), Math.min(TILE, height - top)];
      const tile = await createImageBitmap(bitmap, left, top, wide, tall, {
        premultiplyAlpha: "none",
      });
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, tile);
      tile.close();
      const start = 4 * (top * width + left);
      gl.readPixels(0, 0, wide, tall, gl.RGBA, gl.UNSIGNED_BYTE, bytes, start);
    }
  }
  const read = gl.getError() === gl.NO_ERROR;
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return read ? pixels : null;
}
