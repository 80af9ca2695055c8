// node themes.cjs METHOD FILE...: prints the colours that a package finds in each file, as JSON:
// { file: { colors: [[r, g, b], ...], ms } }. The time is the least of three, from file to colours.

const METHODS = {
  vibrant() {
    const { Vibrant } = require("node-vibrant/node");
    return async (file) => {
      const swatches = Object.values(await Vibrant.from(file).getPalette());
      return swatches.filter(Boolean).map((swatch) => swatch.rgb.map(Math.round));
    };
  },
  colorthief() {
    const { getPalette } = require("colorthief");
    return async (file) => {
      const found = await getPalette(file, { colorCount: 6 });
      return (found ?? []).map((color) => color.array());
    };
  },
};

async function main([method, ...files]) {
  const find = METHODS[method]();
  const found = {};
  for (const file of files) {
    let ms = Infinity;
    let colors = [];
    for (let run = 0; run < 3; run++) {
      const start = performance.now();
      colors = await find(file);
      ms = Math.min(ms, performance.now() - start);
    }
    found[file] = { colors, ms };
  }
  console.log(JSON.stringify(found));
}

main(process.argv.slice(2));
