// Fails when what a browser loads before the first page is over the budget. Charts and the player come later, by
// `import()`, and are told but not counted.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const LIMIT = 300 * 1024;
const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));
const size = (file) => gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length;

const first = new Set(["index.html"]);
const take = (key) => {
  const entry = manifest[key];
  if (!entry || first.has(entry.file)) return;
  first.add(entry.file);
  for (const file of entry.css ?? []) first.add(file);
  for (const next of entry.imports ?? []) take(next);
};
// The frame, the page one lands on, and the page before that.
for (const [key, entry] of Object.entries(manifest)) {
  if (entry.isEntry || /pages\/(overview|login)\//.test(key)) take(key);
}
const total = [...first].reduce((sum, file) => sum + size(file), 0);
const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;
console.log(`first load: ${kib(total)} of ${kib(LIMIT)} compressed, ${first.size} files`);
if (total > LIMIT) {
  console.error("the first load is over its budget");
  process.exit(1);
}
