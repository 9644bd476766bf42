// What is asked of every page: that everybody can use it, and that it fits.
import AxeBuilder from "@axe-core/playwright";
import assert from "node:assert/strict";

const Axe = AxeBuilder.default ?? AxeBuilder;

export const accessible = async (page) => {
  const { violations } = await new Axe({ page }).analyze();
  const serious = violations.filter((one) => ["serious", "critical"].includes(one.impact));
  assert.deepEqual(serious.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(" ")).slice(0, 3).join(", ")}`), []);
};

/** Nothing of a page is wider than the window. */
export const fits = async (page) => {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(over <= 0, `${new URL(page.url()).pathname} is ${over} pixels too wide`);
};
