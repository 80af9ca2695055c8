// A sample with transparency: overlapping discs, flat and crisp, with a soft shadow.

const DISCS: [string, number, number][] = [
  ["#ff5a4e", 0, 0.9],
  ["#ffb02e", 60, 0.9],
  ["#ffe15a", 120, 0.9],
  ["#4fc26b", 180, 0.9],
  ["#2f8ff0", 240, 0.9],
  ["#9b5de5", 300, 0.9],
];

export function drawSticker(
  context: OffscreenCanvasRenderingContext2D,
  width: number,
  height: number,
): void {
  const unit = height / 512;
  context.translate(width / 2, height / 2);
  context.scale(unit, unit);
  context.save();
  context.shadowColor = "rgb(20 20 50 / 55%)";
  context.shadowBlur = 34 * unit;
  context.shadowOffsetY = 14 * unit;
  context.fillStyle = "#ffffff";
  context.beginPath();
  context.arc(0, -6, 212, 0, 2 * Math.PI);
  context.fill();
  context.restore();
  context.globalCompositeOperation = "multiply";
  for (const [color, degrees, opacity] of DISCS) {
    const angle = (degrees * Math.PI) / 180;
    context.fillStyle = color;
    context.globalAlpha = opacity;
    context.beginPath();
    context.arc(88 * Math.cos(angle), -6 + 88 * Math.sin(angle), 96, 0, 2 * Math.PI);
    context.fill();
  }
  context.globalCompositeOperation = "source-over";
  context.globalAlpha = 1;
  context.fillStyle = "#1d1b3a";
  context.beginPath();
  context.arc(0, -6, 40, 0, 2 * Math.PI);
  context.fill();
  context.fillStyle = "rgb(255 255 255 / 85%)";
  context.beginPath();
  context.arc(-13, -20, 11, 0, 2 * Math.PI);
  context.fill();
}
