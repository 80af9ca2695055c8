// Which part of a picture is seen: all lengths are in device pixels, but x and y in the picture's.

export interface Size {
  width: number;
  height: number;
}

export interface View {
  /** Device pixels per pixel of the picture. */
  scale: number;
  /** Where the picture's upper left corner is. */
  left: number;
  top: number;
}

export const MOST_SCALE = 40;

/** The view with all of a picture in the middle; never enlarged beyond `most`. */
export function fitted(picture: Size, stage: Size, most = 4): View {
  const scale = Math.min(stage.width / picture.width, stage.height / picture.height, most);
  return centered(picture, stage, scale);
}

export function centered(picture: Size, stage: Size, scale: number): View {
  return {
    scale,
    left: (stage.width - picture.width * scale) / 2,
    top: (stage.height - picture.height * scale) / 2,
  };
}

/** Enlarges by a factor, so that what is at x, y stays there. */
export function zoomed(view: View, factor: number, x: number, y: number, least: number): View {
  const scale = Math.min(Math.max(MOST_SCALE, least), Math.max(least, view.scale * factor));
  const by = scale / view.scale;
  return { scale, left: x - (x - view.left) * by, top: y - (y - view.top) * by };
}

/** Keeps the picture on the stage: in the middle where it is smaller, without gaps where not. */
export function kept(view: View, picture: Size, stage: Size): View {
  return {
    scale: view.scale,
    left: keptAlong(view.left, picture.width * view.scale, stage.width),
    top: keptAlong(view.top, picture.height * view.scale, stage.height),
  };
}

function keptAlong(start: number, length: number, room: number): number {
  if (length <= room) return (room - length) / 2;
  return Math.min(0, Math.max(room - length, start));
}
