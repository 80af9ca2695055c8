// node quantize.cjs REPEAT METHOD OPTIONS-AS-JSON IN.png OUT.png
//
// Prints milliseconds from the bytes of a PNG to the bytes of the indexed one, a line for each run.

const { readFileSync, writeFileSync } = require("node:fs");

const methods = {
  imagequant: () => {
    const { pngQuantize } = require("@napi-rs/image");
    return (bytes, options) => pngQuantize(bytes, options);
  },
  sharp: () => {
    const sharp = require("sharp");
    return (bytes, options) => sharp(bytes).png({ palette: true, ...options }).toBuffer();
  },
};

async function main([repeat, method, options, source, target]) {
  const quantize = methods[method]();
  const bytes = readFileSync(source);
  let made;
  for (let run = 0; run < Number(repeat); run++) {
    const start = performance.now();
    made = await quantize(bytes, JSON.parse(options));
    console.log(performance.now() - start);
  }
  writeFileSync(target, made);
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error.message.split("\n")[0]);
  process.exitCode = 1;
});
