// What the tests run against: a real fleet on loopback under attack, and the dashboard as the program serves it.
import { spawn, execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";

export const PASSWORD = "a-password-for-tests-only";

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
  const { port, link } = await new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error(`no demonstration after a minute:\n${said}`)), 60_000);
    const hear = (part) => {
      said += part;
      const found = /Dashboard, logged in once: (http:\/\/127\.0\.0\.1:(\d+)\/login#link=\S+)/.exec(said);
      if (found) {
        clearTimeout(timer);
        done({ link: found[1], port: Number(found[2]) });
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
  return { port, link, stop, said: () => said };
}

/** Where the program serves the dashboard that is built into it. */
export async function site(port) {
  const url = `http://127.0.0.1:${port}`;
  const answer = await fetch(url);
  const text = await answer.text();
  if (!text.includes('id="root"')) throw new Error(`${url} answers ${answer.status} without a dashboard: make build\n${text.slice(0, 400)}`);
  return url;
}

export const scratch = () => mkdtempSync(join(tmpdir(), "dashboard-"));
