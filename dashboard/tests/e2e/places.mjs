// Pages of what has not happened yet: segments that are learned, networks that are drawn, images that are made.
import assert from "node:assert/strict";
import { accessible, fits } from "./looks.mjs";

/** A capture in which a dozen hosts ask for their gateway. */
function capture() {
  const word = (value) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes;
  };
  const frames = [...Array(12).keys()].map((number) => {
    const mac = Buffer.from([0x00, 0x50, 0x56, 1, 2, number]);
    const [own, gateway] = [Buffer.from([10, 9, 8, 20 + number]), Buffer.from([10, 9, 8, 1])];
    const arp = Buffer.concat([Buffer.from([0, 1, 8, 0, 6, 4, 0, 1]), mac, own, Buffer.alloc(6), gateway]);
    const frame = Buffer.concat([Buffer.alloc(6, 0xff), mac, Buffer.from([8, 6]), arp]);
    return Buffer.concat([word(number), word(0), word(frame.length), word(frame.length), frame]);
  });
  return Buffer.concat([word(0xa1b2c3d4), word(0x00040002), word(0), word(0), word(65_535), word(1), ...frames]);
}

/** Calls the API as who is logged in. */
const api = (page, method, path, body) =>
  page.evaluate(async ([method, path, body]) => {
    const { token } = JSON.parse(sessionStorage.getItem("decnet.login"));
    const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
    const answer = await fetch(`/api/v1${path}`, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
    return answer.json();
  }, [method, path, body]);

const choose = async (page, option) => {
  // With nothing chosen, the list of names is there.
  const canvas = page.getByRole("listbox", { name: /^Topology/ });
  await canvas.focus();
  await page.keyboard.press("Escape");
  await page.getByLabel("Choose by name").last().selectOption(option);
};

export const places = [
  ["a capture is learned, shown, and used in the deploy wizard", async ({ page, url }) => {
    await page.goto(`${url}/learned`);
    const form = page.getByRole("form", { name: "Hand in a capture" });
    await form.getByLabel("Capture").setInputFiles({ name: "bad.pcap", mimeType: "application/octet-stream", buffer: Buffer.from("nothing") });
    await form.getByRole("button").click();
    await page.getByRole("alert").getByText(/no capture/).waitFor();
    await accessible(page);
    await form.getByLabel("Capture").setInputFiles({ name: "segment.pcap", mimeType: "application/octet-stream", buffer: capture() });
    await form.getByLabel("Deckies").fill("4");
    await form.getByRole("button").click();
    await page.waitForURL(/\/learned\/\d+/, { timeout: 40_000 });
    await page.getByRole("heading", { name: "10.9.8.0/24" }).waitFor();
    await page.getByRole("region", { name: "Cards" }).getByText(/^00:50:56/).waitFor();
    assert.equal(await page.getByRole("table", { name: "Proposed deckies" }).locator(".tbody .tr").count(), 4);
    await page.getByRole("region", { name: "Free addresses" }).getByText(/10\.9\.8\.\d+-10\.9\.8\.\d+/).waitFor();
    await accessible(page);
    await fits(page);
    await page.getByRole("link", { name: "Use in the deploy wizard" }).click();
    await page.waitForURL(/\/deploy\?learned=/);
    await page.waitForFunction(() => document.querySelector("textarea")?.value.includes("net = 10.9.8.0/24"));
    await accessible(page);
  }],
  ["a topology is drawn by hand, checked at its nodes, and saved", async ({ page, url }) => {
    await page.goto(`${url}/topologies`);
    const begin = page.getByRole("form", { name: "Begin a topology" });
    await begin.getByLabel("Name").fill("drawn");
    await begin.getByRole("button").click();
    await page.waitForURL(/\/topologies\/drawn/, { timeout: 40_000 });
    const tools = page.getByRole("toolbar", { name: "Editing" });
    const lan = page.getByRole("form", { name: "Add a LAN" });
    await lan.getByLabel("New LAN").fill("office");
    await lan.getByRole("button").click();
    await page.getByRole("option", { name: /^LAN office/ }).waitFor({ state: "attached" });
    const inOffice = page.getByRole("form", { name: "Add deckies to office" });
    await inOffice.getByLabel("New decky").fill("pc");
    await inOffice.getByRole("button").click();
    await choose(page, "lan DMZ");
    const inDmz = page.getByRole("form", { name: "Add deckies to DMZ" });
    await inDmz.getByLabel("New decky").fill("gate");
    await inDmz.getByRole("button").click();
    await choose(page, "decky gate");
    await page.getByLabel("stands in front, where attackers come from").check();
    await tools.getByRole("button", { name: "Validate" }).click();
    await page.getByRole("option", { name: /^LAN office.*LAN_UNREACHABLE/ }).waitFor({ state: "attached" });
    await accessible(page);
    await page.getByLabel("Join it to").selectOption("office");
    await tools.getByRole("button", { name: "Validate" }).click();
    await tools.getByText("sound", { exact: true }).waitFor();
    await tools.getByRole("button", { name: "Take back" }).click();
    await page.getByLabel("Join it to").waitFor();
    await tools.getByRole("button", { name: "Do again" }).click();
    await tools.getByRole("button", { name: /^Save/ }).click();
    await page.locator(".outcome").getByText("done", { exact: true }).waitFor({ timeout: 40_000 });
    const stored = await api(page, "GET", "/topologies/drawn");
    assert.deepEqual([stored.version, stored.lans, stored.deckies, stored.findings], [2, 2, 2, []]);
    await fits(page);
  }],
  ["what two people draw at once is joined, and nothing is lost unsaid", async ({ page, url }) => {
    await page.goto(`${url}/topologies/drawn`);
    const lan = page.getByRole("form", { name: "Add a LAN" });
    await lan.getByLabel("New LAN").fill("mine");
    await lan.getByRole("button").click();
    const { version } = await api(page, "GET", "/topologies/drawn");
    await api(page, "POST", "/topologies/drawn/edit", { changes: [{ op: "add_lan", name: "theirs", subnet: "172.20.0.0/24" }], expected_version: version });
    await page.getByRole("alert").getByText(/Somebody else has changed it/).waitFor({ timeout: 40_000 });
    await page.getByRole("button", { name: "Go on with theirs and mine" }).click();
    await page.getByRole("toolbar", { name: "Editing" }).getByRole("button", { name: /^Save/ }).click();
    await page.locator(".outcome").getByText("done", { exact: true }).waitFor({ timeout: 40_000 });
    const { document } = await api(page, "GET", "/topologies/drawn");
    assert.deepEqual(document.lans.map((one) => one.name).sort(), ["DMZ", "mine", "office", "theirs"]);
    const late = await api(page, "POST", "/topologies/drawn/edit", { changes: [{ op: "add_lan", name: "late" }], expected_version: version });
    assert.equal(late.status, 409);
  }],
  ["a topology is walked by keys and dragged by hand", async ({ page, url }) => {
    await page.goto(`${url}/topologies/drawn`);
    const canvas = page.getByRole("listbox", { name: "Topology drawn" });
    await canvas.focus();
    await page.keyboard.press("ArrowDown");
    const first = await canvas.getAttribute("aria-activedescendant");
    assert.ok(first);
    await page.keyboard.press("ArrowDown");
    assert.notEqual(await canvas.getAttribute("aria-activedescendant"), first);
    const tools = page.getByRole("toolbar", { name: "Editing" });
    const box = await page.locator("#lan-office").boundingBox();
    await page.mouse.move(box.x + 20, box.y + 8);
    await page.mouse.down();
    await page.mouse.move(box.x + 160, box.y + 90, { steps: 8 });
    await page.mouse.up();
    await tools.getByRole("button", { name: "Save 1", exact: true }).waitFor();
    await page.getByText("1 changes are not saved").click();
    await page.getByText("LAN office is drawn elsewhere").waitFor();
    await tools.getByRole("button", { name: "Take back" }).click();
    await tools.getByRole("button", { name: /^Save\s*$/ }).waitFor();
    await accessible(page);
    for (const width of [320, 2560, 1440]) {
      await page.setViewportSize({ width, height: 900 });
      await page.waitForTimeout(250);
      await fits(page);
    }
    await page.getByRole("button", { name: "Dark or light" }).click();
    await accessible(page);
    await page.getByRole("button", { name: "Dark or light" }).click();
  }],
  ["a large topology is drawn and stays quick", async ({ page, url }) => {
    const lans = [...Array(12).keys()].map((number) => ({ name: `lan-${number}`, subnet: `172.16.${number}.0/24`, dmz: number === 0 }));
    const deckies = lans.flatMap((lan, of) => [...Array(80).keys()].map((number) => ({
      name: `d-${of}-${number}`, system: "debian12", services: [{ slug: "ssh" }], front: of === 0 && number === 0,
      ips: { [lan.name]: `172.16.${of}.${number + 10}`, ...(number === 0 && of < 11 ? { [`lan-${of + 1}`]: `172.16.${of + 1}.200` } : {}) },
    })));
    const edges = deckies.flatMap((one) => Object.keys(one.ips).map((lan) => ({ decky: one.name, lan, bridge: lan !== `lan-${one.name.split("-")[1]}` })));
    await page.goto(`${url}/topologies`);
    const { id } = await api(page, "POST", "/topologies", { name: "large", document: { name: "large", lans, deckies, edges } });
    for (let turn = 0; turn < 100 && !["done", "failed"].includes((await api(page, "GET", `/operations/${id}`)).state); turn += 1) await page.waitForTimeout(200);
    await page.goto(`${url}/topologies/large`);
    await page.waitForFunction(() => document.querySelectorAll("svg [data-kind=decky]").length === 960);
    await page.getByRole("listbox", { name: "Topology large" }).focus();
    const began = Date.now();
    for (let turn = 0; turn < 20; turn += 1) await page.keyboard.press("ArrowDown");
    assert.ok(Date.now() - began < 6000, "keys take longer than 300 ms");
    await accessible(page);
    await fits(page);
  }],
  ["images and services of one's own have their page, and so have people and mail", async ({ page, url }) => {
    await page.goto(`${url}/images`);
    await page.getByRole("heading", { name: "Services of your own" }).waitFor();
    await page.getByRole("button", { name: "Make them" }).waitFor();
    await accessible(page);
    await fits(page);
    await page.goto(`${url}/people`);
    await page.getByRole("heading", { name: "What they write" }).waitFor();
    const letter = page.getByRole("table", { name: "Letters" }).locator(".tbody .tr").first();
    if (await letter.waitFor({ timeout: 4000 }).then(() => true, () => false)) {
      await letter.click();
      await page.getByRole("region", { name: "Thread" }).getByText(/^Message-ID:/m).first().waitFor();
    }
    await accessible(page);
    await fits(page);
  }],
];
