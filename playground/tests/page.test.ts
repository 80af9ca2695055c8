// What the page does by its own hand, against the library's golden file, and by its laws.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { fromFragment, toFragment } from "../src/address";
import { findColors, hexLevels, namesOf, plainName } from "../src/colors";
import { colorOf, PLACES } from "../src/cloud/places";
import { project, unproject } from "../src/cloud/view";
import { findElbow } from "../src/curve/elbow";
import type { ColorList, ThemeOptions } from "../engine/protocol";
import { type Counted, orderOf } from "../src/palette/sorting";
import { decode, encode, FORMATS, PaletteReadError, swatches } from "../src/palette_files/formats";
import { clampK, fromPosition, keyed, LEAST, MOST, POSITIONS, toPosition } from "../src/scale";
import type { Shown } from "../src/session";
import { DEFAULTS, type Settings, type Sort } from "../src/settings";
import { fitted, kept, zoomed } from "../src/stage/view";
import { asCommand, asPython, asThemeCommand, quoted } from "../src/take/command";
import { columnsFor } from "../src/theme/rows";

interface Golden {
  palettes: {
    title: string;
    palette: string[];
    counts: number[];
    files: Record<string, string | null>;
    orders: Record<Sort, string[]>;
  }[];
  elbows: { k: number[]; cost: number[]; elbow: number }[];
}

const golden: Golden = JSON.parse(
  readFileSync(new URL("../../tests/golden/page.json", import.meta.url), "utf8"),
);

function paletteOf(names: string[], counts: number[]): Counted {
  const levels = names.map((name) => hexLevels(name) as number[]);
  const channels = levels[0].length as ColorList["channels"];
  return { colors: Uint8Array.from(levels.flat()), channels, counts: Float64Array.from(counts) };
}

const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex, "hex"));
const text = (words: string) => new TextEncoder().encode(words);

describe.each(golden.palettes)("palette $title", ({ title, palette, counts, files, orders }) => {
  const given = paletteOf(palette, counts);

  test.each(Object.entries(files))("as .%s is the library's, byte for byte", (kind, file) => {
    if (file === null) expect(() => encode(given, kind, title)).toThrow(RangeError);
    else expect(Buffer.from(encode(given, kind, title)).toString("hex")).toBe(file);
  });

  test.each(Object.entries(files).filter(([, file]) => file))(
    "comes back from .%s",
    (kind, file) => {
      expect(decode(bytesOf(file as string), `x.${kind}`)).toEqual(palette.map(plainName));
    },
  );

  test.each(Object.entries(orders))("in the order of %s", (by, order) => {
    const names = namesOf(given);
    expect(orderOf(given, by as Sort).map((i) => names[i])).toEqual(order);
  });
});

test.each(golden.elbows)("the elbow is the library's: $elbow", ({ k, cost, elbow }) => {
  expect(findElbow(k, cost)).toBe(elbow);
});

test("every format that is offered was compared", () => {
  expect(Object.keys(golden.palettes[0].files).sort()).toEqual(Object.keys(FORMATS).sort());
});

test.each<[string, Uint8Array<ArrayBuffer>]>([
  ["empty.gpl", new Uint8Array()],
  ["other.gpl", text("hello")],
  ["cut.gpl", text("GIMP Palette\n255 136\n")],
  ["none.gpl", text("GIMP Palette\nName: x\n")],
  ["high.gpl", text("GIMP Palette\n255 136 256\n")],
  ["short.hex", text("ff8800\nff8")],
  ["word.hex", text("orange\n")],
  ["binary.hex", Uint8Array.of(0xff, 0xfe, 0)],
  ["open.css", text(":root { --a: #ff8800")],
  ["bare.css", text("body { color: red }")],
  ["not.json", text("{")],
  ["null.json", text("null")],
  ["numbers.json", text("[1, 2]")],
  ["size.act", new Uint8Array(100)],
  ["zero.act", new Uint8Array(772)],
  ["other.ase", text("ASE?00000000")],
  ["cut.ase", text("ASEF").slice(0, 4)],
  ["blocks.ase", Uint8Array.of(...text("ASEF"), 0, 1, 0, 0, 0, 0, 0, 9)],
  ["count.pal", text("JASC-PAL\n0100\n2\n1 2 3\n")],
  ["riff.pal", text("RIFF1234PAL data")],
  ["photo.xyz", text("ff8800")],
  ["large.hex", new Uint8Array(2 ** 21)],
])("a broken palette file is refused: %s", (name, data) => {
  expect(() => decode(data, name)).toThrow(PaletteReadError);
});

test("swatches show each colour, in order, in fields that are as wide to within a pixel", () => {
  for (const k of [1, 2, 7, 16, 17, 100, 256]) {
    const { indices, width, height } = swatches({ colors: new Uint8Array(3 * k), channels: 3 });
    expect(indices.length).toBe(width * height);
    const first = [...new Set(indices)];
    expect(first).toEqual(Array.from({ length: k }, (_, i) => i));
  }
});

describe("the slider", () => {
  test("reaches every k, and stays there", () => {
    for (let k = LEAST; k <= MOST; k++) expect(fromPosition(toPosition(k))).toBe(k);
  });

  test("never turns back", () => {
    for (let at = 1; at <= POSITIONS; at++) {
      expect(fromPosition(at)).toBeGreaterThanOrEqual(fromPosition(at - 1));
    }
    expect([fromPosition(0), fromPosition(POSITIONS)]).toEqual([LEAST, MOST]);
  });

  test("keys move by one, and never beyond the ends", () => {
    expect([keyed("ArrowRight", 16), keyed("ArrowLeft", 16)]).toEqual([17, 15]);
    expect([keyed("ArrowLeft", LEAST), keyed("PageUp", 200)]).toEqual([LEAST, MOST]);
    expect(keyed("a", 16)).toBeNull();
    expect([clampK(0), clampK(1e9)]).toEqual([LEAST, MOST]);
  });
});

describe("the address", () => {
  const some: Settings = {
    k: 37,
    space: "lab",
    effort: "best",
    saliency: true,
    dither: "blue-noise",
    strength: 0.35,
    smaller: 0,
    fixed: ["#ff8800", "#01020304"],
    sort: "hue",
    cloud: "rgb",
  };
  const smaller: Settings = { ...some, dither: null, smaller: 1.25 };

  test.each([DEFAULTS, some, smaller])("comes back as it was", (settings) => {
    expect(fromFragment(toFragment(settings))).toEqual({ settings, ignored: [] });
  });

  test.each([
    "#k=0",
    "#k=257",
    "#k=16.5",
    "#k=",
    "#k",
    "#space=cmyk",
    "#space=toString",
    "#__proto__=1",
    "#strength=2",
    "#strength=NaN",
    "#smaller=4",
    "#smaller=-1",
    "#fixed=red",
    "#fixed=ff8800,ff8800",
    "#dither=%",
    "#%%%",
  ])("is left out where it is garbage: %s", (fragment) => {
    const { settings, ignored } = fromFragment(fragment);
    expect(settings).toEqual(DEFAULTS);
    expect(ignored).toEqual([fragment.slice(1)]);
  });

  test("k is as large as what is fixed, unless it is said", () => {
    const fixed = Array.from({ length: 20 }, (_, i) => `0000${10 + i}`).join(",");
    expect(fromFragment(`#fixed=${fixed}`).settings.k).toBe(20);
    expect(fromFragment(`#k=2&fixed=${fixed}`).settings.k).toBe(2);
  });

  test("what is good beside garbage is taken", () => {
    const { settings, ignored } = fromFragment("#k=8&spice=oklab&dither=bayer");
    expect([settings.k, settings.dither, ignored]).toEqual([8, "bayer", ["spice=oklab"]]);
  });
});

describe("colours in a text", () => {
  test("are found between whatever separates them", () => {
    expect(findColors("#FF8800, 1a1a1a;\n'#abc' \"#11223380\"")).toEqual({
      colors: ["#ff8800", "#1a1a1a", "#aabbcc", "#11223380"],
      others: [],
    });
  });

  test("have one name each: lower case, long, without alpha if opaque", () => {
    expect(findColors("#F80 ff8800 FF8800FF").colors).toEqual(["#ff8800"]);
    expect(findColors("red #12345").others).toEqual(["red", "#12345"]);
  });
});

describe("a view", () => {
  const picture = { width: 300, height: 200 };
  const stage = { width: 640, height: 480 };

  test("fits all of the picture, in the middle", () => {
    const { scale, left, top } = fitted(picture, stage);
    expect(left).toBeGreaterThanOrEqual(0);
    expect(top).toBeGreaterThanOrEqual(0);
    expect(2 * left + picture.width * scale).toBeCloseTo(stage.width);
    expect(2 * top + picture.height * scale).toBeCloseTo(stage.height);
  });

  test("zooms about a point, which stays", () => {
    const before = fitted(picture, stage);
    const after = zoomed(before, 3, 200, 100, 0.1);
    expect((200 - after.left) / after.scale).toBeCloseTo((200 - before.left) / before.scale);
    expect((100 - after.top) / after.scale).toBeCloseTo((100 - before.top) / before.scale);
  });

  test("never leaves a gap beside a picture that is larger", () => {
    for (const left of [-5000, -10, 0, 300]) {
      const view = kept({ scale: 8, left, top: left }, picture, stage);
      expect(view.left).toBeLessThanOrEqual(0);
      expect(view.left + 8 * picture.width).toBeGreaterThanOrEqual(stage.width);
    }
  });
});

describe("the cloud", () => {
  test.each(["oklab", "rgb"] as const)("gives each colour a place of its own: %s", (space) => {
    for (let i = 0; i < 512; i++) {
      const color = [(i & 7) * 36, ((i >> 3) & 7) * 36, (i >> 6) * 36] as const;
      const back = colorOf(PLACES[space](...color), space);
      color.forEach((level, axis) => expect(back[axis]).toBeCloseTo(level, 0));
    }
    const outside = colorOf([3, 2, -3], space);
    expect(Math.min(...outside)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...outside)).toBeLessThanOrEqual(255);
  });

  test("is seen from anywhere, and what is seen is found again", () => {
    const size = { width: 340, height: 250 };
    for (const [yaw, pitch, distance] of [
      [0, 0, 1.8],
      [0.5, 0.35, 1.8],
      [-2, -1.4, 0.8],
    ]) {
      const camera = { yaw, pitch, distance };
      const middle = project([0, 0, 0], camera, size);
      expect(middle.x).toBeCloseTo(170);
      expect(middle.y).toBeCloseTo(125);
      expect(middle.depth).toBeCloseTo(distance);
      const place: [number, number, number] = [0.2, -0.3, 0.1];
      const back = unproject(project(place, camera, size), camera, size);
      back.forEach((at, axis) => expect(at).toBeCloseTo(place[axis], 9));
    }
    const right = project([0.1, 0.2, 0], { yaw: 0, pitch: 0, distance: 1.8 }, size);
    expect([right.x > 170, right.y < 125]).toEqual([true, true]);
  });
});

describe("words to do the same", () => {
  const shown = (settings: Partial<Settings>, edited = false) =>
    ({
      settings: { ...DEFAULTS, ...settings },
      edited,
      ...paletteOf(["#102030", "#ff8800"], [3, 1]),
    }) as Shown;

  test("say what is not as usual, alone", () => {
    expect(asCommand("photo.jpg", shown({ k: 8 }))).toBe("kpalette quantize photo.jpg -k 8");
    const all = shown({
      space: "srgb",
      effort: "best",
      dither: "bayer",
      strength: 0.5,
      fixed: ["#ff8800", "#1a1a1a"],
      saliency: true,
    });
    expect(asCommand("photo.jpg", all)).toBe(
      "kpalette quantize photo.jpg -k 16 --space srgb --dither bayer --dither-strength 0.5 " +
        "--effort best --saliency --fixed '#ff8800,#1a1a1a'",
    );
    expect(asPython("photo.jpg", all)).toContain(
      'kpalette.quantize("photo.jpg", 16, space="srgb", effort="best", saliency=True, ' +
        'fixed=["#ff8800", "#1a1a1a"], dither="bayer", dither_strength=0.5)',
    );
  });

  test("carry the palette where it was edited", () => {
    expect(asCommand("photo.jpg", shown({ k: 5, effort: "best", dither: "bayer" }, true))).toBe(
      "kpalette quantize photo.jpg -k 2 --dither bayer --fixed '#102030,#ff8800'",
    );
    const edited = asPython("photo.jpg", shown({ k: 2 }, true));
    expect(edited).toContain('bytes.fromhex("102030ff8800")');
  });

  test("say how much smaller", () => {
    const given = shown({ smaller: 1.5, strength: 0.5, effort: "fast" });
    expect(asCommand("photo.jpg", given)).toBe(
      "kpalette quantize photo.jpg -k 16 --smaller 1.5 --dither-strength 0.5 --effort fast",
    );
    expect(asPython("photo.jpg", given)).toContain(
      'kpalette.quantize("photo.jpg", 16, effort="fast", smaller=1.5, dither_strength=0.5)\n' +
        'q.save("photo-16.png", quick=True)',
    );
  });

  test.each([
    ["my photo.jpg", "'my photo.jpg'"],
    ["it's.png", "'it'\\''s.png'"],
    ["$(rm).png", "'$(rm).png'"],
    ["*.png", "'*.png'"],
    ["-k.png", "./-k.png"],
    ["16", "./16"],
    ["-a b.png", "'./-a b.png'"],
    ["bild_ä.png", "'bild_ä.png'"],
    ["~x.png", "'~x.png'"],
  ])("quote the name %s", (name, word) => {
    expect(asCommand(name, shown({}))).toBe(`kpalette quantize ${word} -k 16`);
  });

  test.each<[ThemeOptions, string]>([
    [{ k: 6 }, "kpalette theme a.gif"],
    [{ k: 6, ignore: [] }, "kpalette theme a.gif"],
    [{ k: "auto", ignore: ["#ffffff"] }, "kpalette theme a.gif -k auto --ignore '#ffffff'"],
  ])("of a theme, %j", (options, command) => {
    expect(asThemeCommand("a.gif", options)).toBe(command);
  });

  test("leave plain words alone", () =>
    expect(quoted("a/b-c_d.1,2:3@4%5=6+7")).toBe("a/b-c_d.1,2:3@4%5=6+7"));
});

describe("a theme's swatches", () => {
  const cases = Array.from({ length: 64 * 12 }, (_, i) => [1 + (i % 64), 50 + 90 * Math.floor(i / 64)]);

  test("lie in the fewest rows that there is room for, and even ones", () => {
    for (const [n, width] of cases) {
      const columns = columnsFor(n, width, 92, 8);
      const room = (m: number) => m === 1 || 92 * m + 8 * (m - 1) <= width;
      const rows = Math.ceil(n / columns);
      expect(room(columns)).toBe(true);
      for (let m = 1; m <= n; m++) if (room(m)) expect(Math.ceil(n / m)).toBeGreaterThanOrEqual(rows);
      // One less in each row would take a row more.
      if (columns > 1) expect(Math.ceil(n / (columns - 1))).toBeGreaterThan(rows);
    }
    expect([4, 5, 6, 7].map((n) => columnsFor(n, 5 * 100 - 8, 92, 8))).toEqual([4, 5, 3, 4]);
    expect(columnsFor(0, 500, 92, 8)).toBe(1);
  });
});
