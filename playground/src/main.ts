// Makes the page's parts, and connects them.

import { connectControls, makeChoice } from "./controls";
import { Cloud } from "./cloud/cloud";
import type { Centers } from "./cloud/protocol";
import { StepsPanel } from "./cloud/steps";
import { CurvePanel } from "./curve/curve";
import { colorAt } from "./colors";
import { find } from "./dom";
import { Engine, NoSimdError } from "kpalette";
import { History } from "./history";
import { Intake } from "./intake";
import { announce, clearNotice, notice } from "./messages";
import { connectFixed } from "./palette/fixed";
import { Swatches } from "./palette/swatches";
import type { Opened } from "./picture/decode.worker";
import { open } from "./picture/open";
import { connectAddress } from "./remembered";
import { Session, type Picture, type Shown } from "./session";
import { CLOUDS } from "./settings";
import { Stage } from "./stage/stage";
import { FiguresPanel } from "./take/figures";
import { TakePanel } from "./take/take";
import { count, counted } from "./text";
import { ThemePanel } from "./theme/theme";

const NEWER =
  "Chrome and Edge from 93, Firefox from 114 and Safari from 16.4 have it. " +
  "The command line, kpalette, gives the same pictures.";
const NO_SIMD = `This browser lacks WebAssembly with SIMD, which the engine needs. ${NEWER}`;
const NO_CANVAS = `This browser lacks OffscreenCanvas, which draws the pictures. ${NEWER}`;
const FIRST = "lake";
/** How long after the last change, in ms, a screen reader is told the result. */
const SILENCE = 900;

async function start(): Promise<void> {
  find(".skip").addEventListener("click", (event) => {
    event.preventDefault(); // the address is for the settings
    find("#k-number").focus();
  });
  if (!("transferControlToOffscreen" in HTMLCanvasElement.prototype)) {
    refuse(NO_CANVAS);
    return;
  }
  const first = open({ sample: FIRST }); // while the engine starts
  try {
    await connect(await Engine.start(), first);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    refuse(error instanceof NoSimdError ? NO_SIMD : `The page cannot start: ${reason}`);
  }
}

/** Says why the page cannot start. */
function refuse(why: string): void {
  notice(why, "error", "start");
  find("main").hidden = true;
  find<HTMLButtonElement>("#choose").disabled = true;
}

/** Makes the page's parts, and shows the first picture. */
async function connect(engine: Engine, first: Promise<Opened>): Promise<void> {
  const stage = new Stage();
  const session = new Session(engine, stage);
  session.told.on((text) => (text ? notice(text, "note", "settings") : clearNotice("settings")));
  connectAddress(session);
  new History(session);
  connectControls(session);
  connectFixed(session);
  new Swatches(session);
  new FiguresPanel(session);
  new TakePanel(session);
  new ThemePanel(session, stage);
  const cloud = new Cloud();
  const steps = new StepsPanel(session, cloud);
  connectCloud(session, cloud, steps);
  const curve = new CurvePanel(session);
  const intake = new Intake(session);
  session.opened.on(describePicture);
  session.shown.on((shown) => describeResult(stage, session, shown));
  session.busy.on((busy) => showProgress(busy));
  session.failed.on((text) =>
    notice(`The engine failed: ${text}. Reload the page if nothing works any more.`, "error", "engine"),
  );
  stage.failed.on((text) => notice(`The picture cannot be drawn: ${text}`, "error", "stage"));
  await intake.openSample(FIRST, first);
  document.documentElement.dataset.ready = "true";
  performance.mark("usable");
  // Large parts that a visitor does not need first are loaded later.
  cloud.start();
  void intake.drawThumbnails();
  const choose = (k: number) => session.change({ k });
  import("./curve/chart").then(
    ({ Chart }) => curve.draw(new Chart(find("#curve"), choose)),
    () => notice("The chart could not be loaded.", "error", "chart"),
  );
}

function connectCloud(session: Session, cloud: Cloud, steps: StepsPanel): void {
  const choose = makeChoice("#cloud-space", CLOUDS, (space) => session.change({ cloud: space }));
  let space = session.settings.cloud;
  choose(space);
  cloud.setSpace(space);
  session.changed.on((settings) => {
    if (settings.cloud === space) return;
    space = settings.cloud;
    choose(space);
    cloud.setSpace(space);
  });
  session.opened.on(({ cloud: { colors, counts } }) => cloud.setPoints(colors, counts));
  session.shown.on((shown) => {
    if (steps.active) return;
    const centers = centersOf(shown);
    cloud.setCenters(centers, false);
    cloud.describe(
      `The picture's colours as a cloud, with ${centers.shares.length} centres. ` +
        "Arrows turn it, plus and minus zoom.",
    );
  });
}

/** The palette's colours that are seen, for the cloud. */
function centersOf(shown: Shown): Centers {
  const entries = [...shown.counts.keys()].filter((i) => colorAt(shown, i)[3] !== 0);
  const total = shown.counts.reduce((sum, n) => sum + n, 0) || 1;
  return {
    colors: Float32Array.from(entries.flatMap((i) => [...colorAt(shown, i).subarray(0, 3)])),
    shares: Float32Array.from(entries, (i) => shown.counts[i] / total),
  };
}

function describePicture({ name, width, height, timing, distinct }: Picture): void {
  const n = timing.durations.length;
  const frames = n > 1 ? `${counted(n, "frame")}, ` : "";
  find("#about").textContent =
    `${name}, ${count(width)}×${count(height / n)}, ${frames}${counted(distinct, "colour")}. ` +
    "Nothing is uploaded.";
  document.title = `${name} – kpalette playground`;
}

let silence = 0;

function describeResult(stage: Stage, session: Session, shown: Shown): void {
  const { picture } = session;
  if (!picture) return;
  const k = counted(shown.counts.length, "colour");
  stage.describe(`${picture.name}: the original, and the result in ${k}`);
  const note = find("#k-note");
  note.hidden = shown.edited || shown.settings.k <= picture.distinct;
  note.textContent = `The picture has ${counted(picture.distinct, "colour")}: more change nothing.`;
  clearTimeout(silence);
  silence = window.setTimeout(() => {
    const few = shown.counts.length < shown.settings.k ? ", all that the picture has" : "";
    const error = Number.isFinite(shown.psnr)
      ? `PSNR ${shown.psnr.toFixed(1)} decibels`
      : "nothing lost";
    announce(`${k}${few}, ${error}`);
  }, SILENCE);
}

let progress = 0;

/** Shows progress only for work that takes long. */
function showProgress(busy: boolean): void {
  clearTimeout(progress);
  const bar = find("#progress");
  if (busy) progress = window.setTimeout(() => (bar.hidden = false), 250);
  else bar.hidden = true;
  find("#stage").setAttribute("aria-busy", String(busy));
}

void start();
