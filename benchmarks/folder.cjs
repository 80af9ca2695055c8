// node folder.cjs FROM TO: makes an indexed PNG of each file in a folder by sharp, two at once.

const { readdirSync } = require("node:fs");
const { join } = require("node:path");
const sharp = require("sharp");

sharp.concurrency(1);
const [from, to] = process.argv.slice(2);
const names = readdirSync(from).filter((name) => name.endsWith(".png"));

async function work() {
  for (let name = names.pop(); name !== undefined; name = names.pop()) {
    await sharp(join(from, name)).png({ palette: true, dither: 0 }).toFile(join(to, name));
  }
}

Promise.all([work(), work()]);
