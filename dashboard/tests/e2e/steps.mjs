import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";
import { accessible, fits } from "./looks.mjs";
import { places } from "./places.mjs";

export async function logIn(page, url, password) {
  await page.goto(`${url}/login`);
  await page.getByLabel("Name").fill("admin");
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.waitForURL((at) => !at.pathname.startsWith("/login"));
}

/** Opens the first row of a list; says whether there was one. */
export async function firstLink(page, url, path) {
  await page.goto(url + path);
  const row = page.locator(".tbody .tr").first();
  if (!(await row.waitFor({ timeout: 4000 }).then(() => true, () => false))) return false;
  const before = page.url();
  await row.click();
  await page.waitForFunction((old) => location.href !== old, before, { timeout: 4000 });
  return true;
}

/** A port of a service of the fleet, from the events that the demonstration has made. */
async function portOf(page, service) {
  return page.evaluate(async (service) => {
    const { token } = JSON.parse(sessionStorage.getItem("decnet.login"));
    const headers = { Authorization: `Bearer ${token}` };
    const events = await (await fetch(`/api/v1/events?service=${service}&probes=true&limit=50`, { headers })).json();
    const deckies = await (await fetch("/api/v1/deckies", { headers })).json();
    for (const event of events.items) {
      const decky = deckies.find((one) => one.name === event.decky);
      if (event.dst_port && decky) return { host: decky.ip, port: event.dst_port, decky: decky.name };
    }
    return null;
  }, service);
}

const say = (host, port, text, from) =>
  new Promise((done, fail) => {
    const socket = connect({ host, port, localAddress: from }, () => {
      socket.write(text);
      setTimeout(() => socket.end(), 300);
    });
    socket.on("data", () => {});
    socket.on("close", done);
    socket.on("error", fail);
  });

/** Talks to a service of the fleet; ports on loopback are offset, which events may or may not show. */
async function attack(page, service, text, from = "127.77.0.9") {
  const at = await portOf(page, service);
  assert.ok(at, `no event of ${service}`);
  await say(at.host, at.port, text, from).catch(() => say(at.host, at.port + 10_000, text, from));
  return at;
}

/** A server that hears messages of alerts. */
const listen = () =>
  new Promise((done) => {
    const requests = [];
    const server = createServer((request, answer) => {
      let body = "";
      request.on("data", (part) => (body += part));
      request.on("end", () => {
        requests.push({ headers: request.headers, body });
        answer.end("heard");
      });
    });
    const stop = () => new Promise((ended) => server.close(ended));
    server.listen(0, "127.0.0.1", () => done({ port: server.address().port, requests, stop }));
  });

/** Logs in to a shell of the fleet, as often as it takes, and says a few things. */
export async function record(page) {
  const at = await portOf(page, "ssh");
  assert.ok(at, "no event of ssh");
  const rest = ["-tt", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "PreferredAuthentications=password", "-o", "ConnectTimeout=5"];
  for (let turn = 0; turn < 6; turn += 1) {
    for (const port of [at.port, at.port + 10_000]) {
      const input = "id\nuname -a\nls -la /\ncat /etc/passwd | head -5\nexit\n";
      const ran = spawnSync("sshpass", ["-p", "Winter2024", "ssh", ...rest, "-p", String(port), `root@${at.host}`], { input, timeout: 15_000, encoding: "utf8" });
      if (ran.error?.code === "ENOENT") throw new Error("missing: sshpass. On Debian: sudo apt-get install sshpass openssh-client");
      if (/uid=0/.test(ran.stdout)) return;
    }
  }
  throw new Error("no shell of the fleet let anybody in");
}

const HOSTILE = `<img src=x onerror="window.hurt=1"><script>window.hurt=1</script>\u202e=cmd|' /C calc'!A0`;

const PAIR = "[drill-one]\nip = 127.66.0.200\nservices = ssh\n[drill-two]\nip = 127.66.0.201\nservices = redis\n";

export const steps = [
  ["the link of the demonstration opens the dashboard logged in, once", async ({ context, url, link }) => {
    const page = await context.newPage();
    await page.goto(link);
    await page.waitForURL((at) => at.pathname === "/");
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    assert.ok(!page.url().includes("link="));
    await page.close();
    const other = await context.newPage();
    await other.goto(link);
    await other.getByRole("alert").waitFor();
    assert.ok(other.url().startsWith(`${url}/login`));
    await other.close();
  }],
  ["a wrong password is told", async ({ page, url }) => {
    await page.goto(`${url}/events?q=x`);
    await page.waitForURL(/login/);
    await page.getByLabel("Password").fill("wrong");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("alert").getByText("wrong user name or password").waitFor();
    await accessible(page);
  }],
  ["a one-time link that is none is told, and leaves the address", async ({ page, url }) => {
    await page.goto("about:blank");
    await page.goto(`${url}/login?next=%2Fevents%3Fq%3Dx#link=nothing`);
    await page.getByRole("alert").waitFor();
    assert.ok(!page.url().includes("nothing"));
  }],
  ["log in leads to where one was going", async ({ page, url, password }) => {
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.waitForURL((at) => at.pathname === "/events" && at.searchParams.get("q") === "x");
    await page.goto(url);
  }],
  ["the overview counts and lights up", async ({ page, url }) => {
    await page.goto(url);
    await page.getByText("Live", { exact: true }).waitFor();
    await page.waitForFunction(() => Number(document.querySelector(".tile b")?.textContent) > 0);
    await page.locator(".chart canvas").waitFor();
    await page.getByRole("button", { name: "Week" }).click();
    await page.locator(".chart canvas").waitFor();
    await page.getByRole("heading", { name: "Passwords tried most" }).locator("xpath=../..").locator(".bars a").first().waitFor();
    await attack(page, "http", "GET /lit HTTP/1.1\r\nHost: a\r\n\r\n");
    await page.locator(".host.lit").first().waitFor({ timeout: 3000 });
    await accessible(page);
    await fits(page);
  }],
  ["an event is there by itself after the touch", async ({ page, url }) => {
    await page.goto(`${url}/events?service=http`);
    await page.locator(".tbody .tr").first().waitFor();
    await page.getByText("Live", { exact: true }).first().waitFor();
    const mark = `/touch-${Date.now()}`;
    await attack(page, "http", `GET ${mark} HTTP/1.1\r\nHost: a\r\n\r\n`);
    await page.getByText(mark).first().waitFor();
    await accessible(page);
  }],
  ["the tail is held while one reads, and goes on", async ({ page, url }) => {
    await page.goto(`${url}/events`);
    await page.locator(".tbody .tr").nth(20).waitFor();
    await page.locator(".table").evaluate((table) => table.scrollTo(0, 400));
    await page.getByText("Held while scrolled").waitFor();
    const mark = `/held-${Date.now()}`;
    await attack(page, "http", `GET ${mark} HTTP/1.1\r\nHost: a\r\n\r\n`);
    const fresh = page.locator(".fresh");
    await fresh.waitFor();
    await fresh.click();
    await page.getByText(mark).first().waitFor();
  }],
  ["events are filtered by the server and chips take filters away", async ({ page, url }) => {
    await page.goto(`${url}/events`);
    await attack(page, "http", "GET /wp-login.php HTTP/1.1\r\nHost: a\r\n\r\n");
    await page.getByRole("searchbox").fill("service:http wp-login");
    await page.getByRole("searchbox").press("Enter");
    await page.waitForURL((at) => at.searchParams.get("service") === "http" && at.searchParams.get("q") === "wp-login");
    await page.getByText("/wp-login.php").first().waitFor();
    await page.getByRole("button", { name: "Remove text" }).click();
    await page.waitForURL((at) => !at.searchParams.has("q"));
    await page.goto(`${url}/events?decky=nobody`);
    await page.getByRole("alert").getByText(/nobody/).first().waitFor();
  }],
  ["hostile text is text, in page and CSV", async ({ page, url }) => {
    const mark = `mark${Date.now()}`;
    await page.goto(`${url}/events`);
    await attack(page, "http", `GET /${mark} HTTP/1.1\r\nHost: a\r\nUser-Agent: =1+1 ${HOSTILE}\x1b[31m\r\n\r\n`);
    await page.goto(`${url}/events?q=${mark}`);
    const row = page.locator(".tbody .tr").first();
    await row.click();
    await page.locator(".drawer").getByText("<script>window.hurt=1</script>").first().waitFor();
    assert.equal(await page.evaluate(() => window.hurt), undefined);
    assert.equal(await page.locator(".main script, .main img").count(), 0);
    assert.ok(!(await page.locator(".drawer").innerText()).includes("\u202e"));
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV" }).click()]);
    const text = readFileSync(await download.path(), "utf8");
    assert.ok(text.includes(mark));
    assert.ok(!/(^|,)"[=+\-@|]/m.test(text), "a cell begins like a formula");
    assert.ok(!/[\u001b\u202e]/.test(text));
  }],
  ["an attacker has a page with its path", async ({ page, url }) => {
    assert.ok(await firstLink(page, url, "/attackers"));
    await page.locator(".path a").first().waitFor();
    await accessible(page);
    await fits(page);
  }],
  ["an incident says what happened, is worked on, and opens again", async ({ page, url }) => {
    const say = async () => attack(page, "redis", "PING\r\nINFO\r\n", "127.77.0.40");
    await page.goto(`${url}/incidents`);
    await say();
    const row = page.locator(".tbody .tr").filter({ hasText: "127.77.0.40" }).first();
    await row.waitFor();
    await accessible(page);
    await row.click();
    await page.waitForURL(/incidents\/\d+/);
    await page.getByRole("heading", { name: /127\.77\.0\.40/ }).waitFor();
    await page.getByRole("region", { name: "Timeline" }).getByText("INFO").first().waitFor();
    await page.getByRole("button", { name: "Acknowledge" }).click();
    await page.getByText("given to admin").waitFor();
    const hostile = "<b>looking</b>";
    await page.getByLabel("Note", { exact: true }).fill(hostile);
    await page.getByRole("button", { name: "Note it" }).click();
    await page.getByRole("list", { name: "Log" }).getByText(hostile).waitFor();
    await page.getByRole("button", { name: "Close", exact: true }).click();
    await page.locator(".head").getByText("closed").waitFor();
    await accessible(page);
    await say();
    await page.locator(".head").getByText("reopened").waitFor();
    await page.goto(`${url}/incidents?state=new&src_ip=127.77.0.40`);
    await page.locator(".tbody .tr").filter({ hasText: "reopened" }).first().waitFor();
    await fits(page);
  }],
  ["an alert is set up, tested and told, signed, to who listens", async ({ page, url }) => {
    const heard = await listen();
    await page.goto(`${url}/alerts`);
    const form = page.getByRole("form", { name: "Make a rule" });
    await form.getByLabel("Name").fill("browser");
    await form.getByLabel("Target").fill(`http://127.0.0.1:${heard.port}/hook/secret-path`);
    await form.getByLabel("Signed with").fill("key");
    await form.getByLabel("At least").selectOption("high");
    await form.getByLabel("Only from").fill("127.77.0.41");
    await form.getByRole("button", { name: "Make a rule" }).click();
    await page.getByRole("table", { name: "Rules" }).getByText(`http://127.0.0.1:${heard.port}`, { exact: true }).waitFor();
    assert.ok(!(await page.content()).includes("secret-path"));
    await accessible(page);
    await page.getByRole("button", { name: "Test browser" }).click();
    const messages = page.getByRole("table", { name: "Messages" });
    await messages.getByText("delivered").first().waitFor({ timeout: 20_000 });
    await attack(page, "redis", "INFO\r\n", "127.77.0.41");
    await messages.getByText(/127\.77\.0\.41 ran 1 command in redis/).waitFor({ timeout: 30_000 });
    await messages.getByText("HTTP 200: heard").nth(1).waitFor({ timeout: 30_000 });
    for (const { headers, body } of heard.requests) {
      const { createHmac } = await import("node:crypto");
      const expected = createHmac("sha256", "key").update(`${headers["x-decnet-timestamp"]}.${body}`).digest("hex");
      assert.equal(headers["x-decnet-signature"], `sha256=${expected}`);
    }
    assert.equal(heard.requests.length, 2, "one test, one alert");
    assert.equal(JSON.parse(heard.requests[1].body).incident.stage, "executed-commands");
    const mute = page.getByRole("form", { name: "Make a mute" });
    await mute.getByLabel("Addresses").fill("127.77.0.42");
    await mute.getByLabel("Why").fill("<b>our scanner</b>");
    await mute.getByRole("button").click();
    await page.getByRole("table", { name: "Mutes" }).getByText("<b>our scanner</b>").waitFor();
    await mute.getByLabel("everything").check();
    await mute.getByLabel("Hours (UTC)").fill("02:00-03:30");
    await mute.getByLabel("Why").fill("the switch is replaced");
    await mute.getByRole("button").click();
    await page.getByRole("table", { name: "Mutes" }).getByText("02:00-03:30").waitFor();
    await fits(page);
    await heard.stop();
  }],
  ["a recorded session is replayed and can be searched", async ({ page, url }) => {
    await page.goto(url);
    await record(page);
    assert.ok(await firstLink(page, url, "/sessions?recorded=true"), "no session has a recording");
    await page.locator(".ap-player").waitFor();
    await page.getByRole("button", { name: "As text" }).click();
    await page.locator(".player .captured").waitFor();
    await accessible(page);
  }],
  ["a session has a transcript", async ({ page, url }) => {
    assert.ok(await firstLink(page, url, "/sessions?service=http"));
    await page.locator(".timeline li").first().waitFor();
    await accessible(page);
  }],
  ["credentials are listed and taken away", async ({ page, url }) => {
    await page.goto(`${url}/credentials`);
    await page.locator(".tbody .tr").first().waitFor();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Words" }).click()]);
    assert.ok(readFileSync(await download.path(), "utf8").includes("xc3511"));
    await accessible(page);
  }],
  ["techniques that were shown stand in the matrix and say who", async ({ page, url }) => {
    await page.goto(`${url}/techniques`);
    await page.locator(".matrix .cell b").first().waitFor({ timeout: 20_000 });
    await accessible(page);
    await page.getByRole("button", { name: "All", exact: true }).click();
    await page.locator(".matrix .cell b").first().click();
    await page.getByRole("table", { name: "Who showed it" }).locator(".tbody a").first().click();
    await page.waitForURL(/attackers\//);
    await page.getByRole("region", { name: "Techniques" }).getByText(/^T\d{4}/).first().waitFor();
    await accessible(page);
    await page.goto(`${url}/techniques`);
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Layer" }).click()]);
    assert.equal(JSON.parse(readFileSync(await download.path(), "utf8")).domain, "enterprise-attack");
  }],
  ["an artefact is shown as hex", async ({ page, url }) => {
    assert.ok(await firstLink(page, url, "/artefacts"));
    await page.getByRole("button", { name: "Show it" }).click();
    await page.locator(".hex").getByText("00000000").waitFor();
    await accessible(page);
  }],
  ["a decky has a page", async ({ page, url }) => {
    assert.ok(await firstLink(page, url, "/fleet"));
    await page.getByRole("heading", { name: "Services" }).waitFor();
    await accessible(page);
  }],
  ["health, workers and settings are there", async ({ page, url }) => {
    for (const path of ["/health", "/workers", "/settings"]) {
      await page.goto(url + path);
      await page.locator(".facts").first().waitFor();
      await accessible(page);
    }
  }],
  ["a fire drill touches every port", async ({ page, url }) => {
    await page.goto(`${url}/fleet`);
    await page.getByRole("button", { name: "Fire drill" }).click();
    await page.getByText(/\d+ of \d+ ports answered/).waitFor({ timeout: 30_000 });
    await accessible(page);
  }],
  ["a fleet is planned, and what is wrong with it is told", async ({ page, url }) => {
    await page.goto(`${url}/deploy`);
    await page.getByRole("button", { name: "Deployment INI" }).click();
    await page.getByLabel("Deployment INI", { exact: true }).fill("[drill-one]\nservices = no-such-service\n");
    await page.getByRole("button", { name: "See what it would do" }).click();
    await page.getByText(/no-such-service/).nth(1).waitFor();
    await page.getByLabel("Deployment INI", { exact: true }).fill(PAIR);
    await page.getByRole("button", { name: "See what it would do" }).click();
    const plan = page.getByRole("region", { name: "Plan" });
    await plan.getByText("2 new").waitFor();
    await plan.getByText("To go:").waitFor();
    await accessible(page);
    await page.getByRole("button", { name: "Kinds of machine" }).click();
    await page.getByLabel("Kind of machine").waitFor();
    await accessible(page);
    await page.goto(`${url}/operations`);
    await page.locator(".tbody .tr").nth(1).click();
    await page.locator(".drawer").getByText(/no-such-service/).first().waitFor();
    await accessible(page);
  }],
  ["a user is made, has to choose a password, and sees no more than a viewer does", async ({ page, url }) => {
    await page.goto(`${url}/settings`);
    const form = page.getByRole("form", { name: "Make a user" });
    await form.getByLabel("Name").fill("watch");
    await form.getByRole("button").click();
    const first = await page.locator(".once code").innerText();
    await page.getByLabel("Role of watch").waitFor();
    await accessible(page);
    const other = await page.context().newPage();
    await other.goto(`${url}/login`);
    await other.getByLabel("Name").fill("watch");
    await other.getByLabel("Password").fill(first);
    await other.getByRole("button", { name: "Log in" }).click();
    await other.getByLabel("New password", { exact: true }).fill("another-password");
    await other.getByLabel("New password once more").fill("another-password");
    await other.getByRole("button", { name: "Change it and go on" }).click();
    await other.waitForURL((at) => !at.pathname.startsWith("/login"));
    await other.goto(`${url}/settings`);
    await other.getByRole("heading", { name: "Tokens for programs" }).waitFor();
    assert.equal(await other.getByRole("heading", { name: "Users" }).count(), 0);
    await other.close();
    await page.goto(`${url}/settings`);
    await page.getByRole("table", { name: "Audit log" }).getByText("user.create").first().waitFor();
    await page.getByRole("button", { name: "Delete watch" }).click();
    await page.getByRole("button", { name: "Really: Delete watch" }).click();
    await page.getByLabel("Role of watch").waitFor({ state: "detached" });
  }],
  ["a token for a program reads what it may, until it is revoked", async ({ page, url }) => {
    await page.goto(`${url}/settings`);
    const form = page.getByRole("form", { name: "Make a token" });
    await form.getByLabel("For").fill("a script");
    await form.getByRole("button").click();
    const token = await page.locator(".once code").innerText();
    const status = async (path, method = "GET") => (await page.request.fetch(url + path, { method, headers: { Authorization: `Bearer ${token}` } })).status();
    assert.equal(await status("/api/v1/stats"), 200);
    assert.equal(await status("/api/v1/users/admin", "DELETE"), 403);
    await page.getByRole("button", { name: "Revoke the token a script" }).click();
    await page.getByRole("button", { name: "Really: Revoke the token a script" }).click();
    await page.getByText("revoked").waitFor();
    assert.equal(await status("/api/v1/stats"), 401);
  }],
  ["the API can be read and tried as a page", async ({ page, url }) => {
    await page.goto(`${url}/settings`);
    await page.getByRole("link", { name: "What the API can do" }).click();
    // Groups are closed: the document is long.
    for (const group of ["fleet", "state"]) await page.locator(`#operations-tag-${group}`).click();
    await page.getByText("/api/v1/deckies", { exact: true }).first().waitFor();
    await page.getByText("/api/v1/stats", { exact: true }).first().click();
    await page.getByRole("button", { name: "Try it out" }).click();
    await page.getByRole("button", { name: "Execute" }).click();
    // Who is logged in in this tab need not say so once more.
    await page.locator(".live-responses-table .response .response-col_status").getByText("200").first().waitFor();
    await page.goto(`${url}/api/v1/docs`);
    await page.waitForURL(/\/docs$/);
  }],
  ...places,
  ["the palette goes anywhere by keys", async ({ page, url }) => {
    await page.goto(url);
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await page.keyboard.press("Control+k");
    await page.keyboard.type("cred");
    await page.keyboard.press("Enter");
    await page.waitForURL(/credentials/);
  }],
  ["light is as readable as dark", async ({ page, url }) => {
    await page.goto(url);
    await page.getByRole("button", { name: "Dark or light" }).click();
    for (const path of ["/", "/events", "/credentials"]) {
      await page.goto(url + path);
      await page.waitForTimeout(500);
      await accessible(page);
    }
    await page.getByRole("button", { name: "Dark or light" }).click();
  }],
  ["every page fits 320 and 2560 pixels", async ({ page, url }) => {
    for (const width of [320, 2560]) {
      await page.setViewportSize({ width, height: 800 });
      for (const path of ["/", "/incidents", "/alerts", "/events", "/attackers", "/map", "/techniques", "/sessions", "/credentials", "/artefacts", "/fleet", "/deploy", "/operations", "/workers", "/health", "/settings", "/profiles", "/identities", "/campaigns", "/reuse", "/canaries", "/people", "/topologies", "/hosts", "/learned", "/images"]) {
        await page.goto(url + path);
        await page.waitForTimeout(250);
        await fits(page);
      }
    }
    await page.setViewportSize({ width: 1440, height: 900 });
  }],
  ["a fleet is deployed, one of it changed and taken down", async ({ page, url }) => {
    await page.goto(`${url}/deploy`);
    await page.getByRole("button", { name: "Deployment INI" }).click();
    await page.getByLabel("Deployment INI", { exact: true }).fill(PAIR);
    await page.getByRole("button", { name: "See what it would do" }).click();
    await page.getByRole("button", { name: /^Deploy, and take away/ }).click();
    await page.getByRole("button", { name: /^Really: Deploy/ }).click();
    await page.getByRole("link", { name: "To the fleet" }).click({ timeout: 60_000 });
    await page.getByRole("table", { name: "Fleet" }).getByText("drill-two").click();
    const done = () => page.locator(".outcome").getByText("done", { exact: true }).waitFor({ timeout: 40_000 });
    await page.getByRole("form", { name: "Add a service" }).getByLabel("Service").selectOption("ftp");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByRole("region", { name: "Changes" }).getByText("ftp came").waitFor({ timeout: 40_000 });
    await done();
    await page.getByRole("table", { name: "Services" }).getByRole("button", { name: "Set…" }).first().click();
    await page.getByRole("form", { name: "Set redis" }).getByLabel("password").fill("s3cr3t-of-ours");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("region", { name: "Changes" }).getByText("redis is set: password=***").waitFor({ timeout: 40_000 });
    await done();
    assert.ok(!(await page.content()).includes("s3cr3t-of-ours"));
    await page.getByRole("button", { name: "Mutate" }).click();
    await page.waitForFunction(() => document.querySelectorAll('[aria-label="Changes"] .tbody .tr').length === 3, undefined, { timeout: 40_000 });
    await done();
    await accessible(page);
    await fits(page);
    await page.getByRole("button", { name: "Take drill-two down" }).click();
    await page.getByRole("button", { name: "Really: Take drill-two down" }).click();
    await page.locator(".outcome").getByText("done").waitFor({ timeout: 40_000 });
    await accessible(page);
  }],
  ["a token that is revoked leads to the login", async ({ page, url }) => {
    await page.goto(url);
    await page.evaluate(() => {
      const login = JSON.parse(sessionStorage.getItem("decnet.login"));
      return fetch("/api/v1/logout", { method: "POST", headers: { Authorization: `Bearer ${login.token}` } });
    });
    await page.goto(`${url}/sessions`);
    await page.waitForURL(/login/);
  }],
];
