// Drives every page in a real browser against a real fleet under attack. `--screenshots` takes pictures of each page
// in both themes and three widths instead.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import { steps } from "./steps.mjs";
import { takeScreenshots } from "./screenshots.mjs";
import { PASSWORD, site, startDemo } from "./stage.mjs";

const CHROMIUM = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) => path && existsSync(path));
if (!CHROMIUM) {
  console.error("missing: chromium. On Debian: sudo apt-get install chromium");
  process.exit(process.env.CI ? 1 : 0);
}

const demo = await startDemo();
const url = await site(demo.port).catch(async (error) => {
  await demo.stop();
  throw error;
});
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
let failed = 0;
try {
  if (process.argv.includes("--screenshots")) await takeScreenshots(browser, url, PASSWORD);
  else failed = await run();
} finally {
  await browser.close();
  await demo.stop();
}
process.exit(failed ? 1 : 0);

async function run() {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, acceptDownloads: true });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const bad = [];
  const abroad = [];
  page.on("console", (message) => message.type() === "error" && bad.push(message.text()));
  page.on("pageerror", (error) => bad.push(String(error)));
  page.on("request", (request) => {
    const asked = new URL(request.url());
    if (!["blob:", "data:"].includes(asked.protocol) && asked.origin !== url) abroad.push(request.url());
  });
  let wrong = 0;
  let ran = 0;
  for (const [name, step] of steps) {
    const from = Date.now();
    const only = process.env.ONLY;
    if (only && !name.includes(only) && !/^(a wrong|a one-time|log in)/.test(name)) continue;
    ran += 1;
    try {
      bad.length = 0;
      await step({ page, context, url, password: PASSWORD, port: demo.port, link: demo.link });
      // What a wrong password answers is on the console too; nothing else may be.
      const left = bad.filter((text) => !/status of (400|401|404|409|429)/.test(text));
      if (left.length) throw new Error(`the console says: ${left.join("\n")}`);
      if (abroad.length) throw new Error(`requests left the machine: ${abroad.join(" ")}`);
      console.log(`ok    ${name} (${Date.now() - from} ms)`);
    } catch (error) {
      wrong += 1;
      console.log(`FAIL  ${name}\n      ${String(error.message ?? error).split("\n").join("\n      ")}`);
      await page.screenshot({ path: `test-results/${name.replace(/\W+/g, "-")}.png` }).catch(() => {});
    }
  }
  console.log(wrong ? `${wrong} of ${ran} failed` : `all ${ran} passed`);
  return wrong;
}
