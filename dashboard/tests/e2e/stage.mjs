// What the tests run against: a real fleet on loopback under attack, and the built dashboard under its policy.
import { spawn, execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, request } from "node:http";
import { tmpdir, userInfo } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const PASSWORD = "a-password-for-tests-only";
const DIST = fileURLToPath(new URL("../../dist/", import.meta.url));
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".json": "application/json" };
export const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

function program() {
  const target = process.env.CARGO_TARGET_DIR ?? `/var/tmp/build-${userInfo().uid}`;
  const triple = process.env.CARGO_BUILD_TARGET ?? /host: (.*)/.exec(execFileSync("rustc", ["-vV"], { encoding: "utf8" }))[1];
  const found = process.env.DECNET ?? join(target, triple, "debug", "decnet");
  if (!existsSync(found)) throw new Error(`${found} is not there: make build`);
  return found;
}

/** Starts a demonstration whose intruder attacks every port, and waits for its interface. */
export async function startDemo() {
  const folder = mkdtempSync(join(process.env.DECNET_E2E_DIR ?? "/var/tmp", "decnet-dashboard-"));
  const child = spawn(program(), ["--state-dir", join(folder, "state"), "demo", "--runtime", "loopback", "--attack"], {
    env: { ...process.env, DECNET_ADMIN_PASSWORD: PASSWORD },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  const port = await new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error(`no demonstration after a minute:\n${said}`)), 60_000);
    const hear = (part) => {
      said += part;
      const found = /API on http:\/\/127\.0\.0\.1:(\d+)/.exec(said) ?? /https?:\/\/127\.0\.0\.1:(\d+)\//.exec(said);
      if (found) {
        clearTimeout(timer);
        done(Number(found[1]));
      }
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("exit", (code) => fail(new Error(`the demonstration ended with ${code}:\n${said}`)));
  });
  const stop = async () => {
    child.removeAllListeners("exit");
    const gone = new Promise((done) => child.on("exit", done));
    child.kill("SIGINT");
    await Promise.race([gone, new Promise((done) => setTimeout(done, 15_000))]);
    if (child.exitCode === null) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  return { port, stop, said: () => said };
}

/** Serves the built dashboard beside the interface on `port`, unless that serves it itself. */
export async function serve(port) {
  const own = await fetch(`http://127.0.0.1:${port}/`).catch(() => null);
  if (own?.ok && (await own.text()).includes('id="root"')) return { url: `http://127.0.0.1:${port}`, own: true, stop: () => {} };
  const server = createServer((asked, answer) => {
    if (asked.url.startsWith("/api/")) {
      const on = request({ port, host: "127.0.0.1", path: asked.url, method: asked.method, headers: { ...asked.headers, host: `127.0.0.1:${port}` } }, (got) => {
        answer.writeHead(got.statusCode, got.headers);
        answer.flushHeaders();
        got.pipe(answer);
      });
      on.on("error", () => answer.destroy());
      answer.on("close", () => on.destroy());
      asked.pipe(on);
      return;
    }
    const path = new URL(asked.url, "http://x").pathname;
    const file = extname(path) && !path.includes("..") && existsSync(join(DIST, path)) ? path : "/index.html";
    answer.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream", "content-security-policy": POLICY });
    answer.end(readFileSync(join(DIST, file)));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${server.address().port}`, own: false, stop: () => server.closeAllConnections?.() ?? server.close() };
}

export const scratch = () => mkdtempSync(join(tmpdir(), "dashboard-"));
