// Pictures of every page, for eyes.
import { mkdirSync } from "node:fs";
import { firstLink, logIn, record } from "./steps.mjs";

const WIDTHS = [[1440, 900], [320, 640], [2560, 1300]];
const PAGES = ["/login", "/", "/incidents", "/alerts", "/events", "/attackers", "/sessions", "/credentials", "/artefacts", "/fleet", "/deploy", "/learned", "/topologies", "/people", "/images", "/operations", "/workers", "/health", "/settings"];
const DETAILS = ["/incidents", "/attackers", "/sessions?recorded=true", "/artefacts", "/fleet"];

export async function takeScreenshots(browser, url, password) {
  mkdirSync("screenshots", { recursive: true });
  // What the intruder does takes a moment.
  await new Promise((done) => setTimeout(done, 12_000));
  for (const theme of ["dark", "light"]) {
    const context = await browser.newContext({ colorScheme: theme });
    const page = await context.newPage();
    for (const [width, height] of theme === "dark" ? WIDTHS : WIDTHS.slice(0, 1)) {
      await page.setViewportSize({ width, height });
      const take = async (name) => {
        await page.waitForTimeout(900);
        await page.screenshot({ path: `screenshots/${name}-${theme}-${width}.png` });
      };
      await page.goto(`${url}/login`);
      await take("login");
      await logIn(page, url, password);
      if (theme === "dark" && width === WIDTHS[0][0]) await record(page);
      for (const path of PAGES.slice(1)) {
        await page.goto(url + path);
        await take(path === "/" ? "overview" : path.slice(1));
      }
      for (const path of DETAILS) {
        if (!(await firstLink(page, url, path))) continue;
        await take(`${path.slice(1).replace(/\?.*/, "")}-detail`);
      }
    }
    await context.close();
  }
}
