// The release binary as its users run it: a real process, a real database in a fresh folder, killed for real.
import { spawn, execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync, existsSync, readFileSync, openSync, closeSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";

export const BIN = process.env.RUSLO_BIN ?? path.resolve(import.meta.dirname, "../../target/release/ruslo");
const POSTGRES = path.resolve(import.meta.dirname, "../../tools/postgres");
export const ADMIN = { login: "admin", password: "correct horse battery" };
const run = promisify(execFile);

/** A port that was free a moment ago, of those that no connection is given nor a browser refuses: it stays free. */
export async function freePort() {
  for (;;) {
    const port = 11_000 + Math.floor(Math.random() * 9_000);
    const server = net.createServer();
    const free = await new Promise((ok) => server.once("error", () => ok(false)).listen(port, "127.0.0.1", () => ok(true)));
    if (!free) continue;
    await new Promise((ok) => server.close(ok));
    return port;
  }
}

/** How long what must come may take on a machine that is busy; what comes is waited for no longer than it takes. */
const PATIENCE_MS = 60_000;

/** Waits until `probe` gives something truthy; fails with `what` and the last error. */
export async function until(what, probe, { timeoutMs = PATIENCE_MS, everyMs = 50 } = {}) {
  const end = Date.now() + timeoutMs;
  let last;
  while (Date.now() < end) {
    try {
      const value = await probe();
      if (value) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await new Promise((ok) => setTimeout(ok, everyMs));
  }
  throw new Error(`timed out waiting for ${what}${last ? `: ${last.message}` : ""}`);
}

export class Server {
  /** `database`: a URL, or null for the embedded one; undefined: as RUSLO_E2E_DATABASE says. */
  constructor({ demo = false, database } = {}) {
    this.dir = mkdtempSync(path.join(os.tmpdir(), "ruslo-e2e-"));
    this.log = path.join(this.dir, "server.log");
    this.demo = demo;
    // RUSLO_E2E_DATABASE=postgres: each installation on a database of its own, on a throw-away server.
    if (database) this.databaseUrl = database;
    else if (database === undefined && process.env.RUSLO_E2E_DATABASE === "postgres") {
      this.database = `e2e_${process.pid}_${Date.now()}`;
      this.databaseUrl = execFileSync(POSTGRES, ["create", this.database], { encoding: "utf8" }).trim();
    }
  }

  get env() {
    return {
      ...process.env,
      RUSLO_LISTEN: `127.0.0.1:${this.port ?? 0}`,
      RUSLO_DATA_DIR: path.join(this.dir, "data"),
      RUSLO_DATABASE_URL: this.databaseUrl,
      RUSLO_ADMIN_LOGIN: ADMIN.login,
      RUSLO_ADMIN_PASSWORD: ADMIN.password,
      RUSLO_ALLOW_PRIVATE_NETWORKS: "127.0.0.0/8",
      RUSLO_LOG: process.env.RUSLO_LOG ?? "info",
      ...this.extra,
    };
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts and waits until it is ready; gives the milliseconds that took. */
  async start() {
    this.port ??= await freePort();
    const log = openSync(this.log, "a");
    const begun = Date.now();
    this.child = spawn(BIN, ["serve", ...(this.demo ? ["--demo"] : [])], { env: this.env, stdio: ["ignore", log, log] });
    closeSync(log);
    this.child.once("exit", (code, signal) => (this.exited = signal ?? code));
    this.exited = undefined;
    await until("the server to be ready", async () => {
      if (this.exited !== undefined) throw new Error(`it stopped (${this.exited}):\n${this.output()}`);
      return (await fetch(`${this.url}/readyz`)).ok;
    }, { everyMs: 10 });
    return Date.now() - begun;
  }

  /** kill -9, as a power cut does to a process. */
  async kill() {
    const gone = new Promise((ok) => this.child.once("exit", ok));
    this.child.kill("SIGKILL");
    await gone;
  }

  async stop() {
    if (this.child && this.exited === undefined) {
      const gone = new Promise((ok) => this.child.once("exit", ok));
      this.child.kill("SIGTERM");
      const timer = setTimeout(() => this.child.kill("SIGKILL"), 10_000);
      await gone;
      clearTimeout(timer);
    }
    if (this.database) execFileSync(POSTGRES, ["drop", this.database]);
    rmSync(this.dir, { recursive: true, force: true });
  }

  output() {
    return existsSync(this.log) ? readFileSync(this.log, "utf8") : "";
  }

  /** Runs a command of the binary against this installation and gives what it printed. */
  async cli(...args) {
    const { stdout } = await run(BIN, args, { env: this.env });
    return stdout;
  }

  /** A session of the native API. */
  async signIn(login = ADMIN.login, password = ADMIN.password) {
    const answer = await fetch(`${this.url}/api/v1/session`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ login, password }),
    });
    if (!answer.ok) throw new Error(`sign-in: ${answer.status} ${await answer.text()}`);
    const cookie = answer.headers.get("set-cookie").split(";")[0];
    const { csrfToken } = await answer.json();
    return new Api(this, { cookie, "x-csrf-token": csrfToken });
  }

  /** A call of the Bitrix face with a JSON body. */
  async rest(method, params, token) {
    const answer = await fetch(`${this.url}/rest/${method}.json`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...params, auth: token }),
    });
    return { status: answer.status, body: await answer.json() };
  }
}

export class Api {
  constructor(server, headers) {
    this.server = server;
    this.headers = headers;
  }

  async call(method, address, body) {
    const answer = await fetch(`${this.server.url}/api/v1${address}`, {
      method,
      headers: { ...this.headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    const value = text ? JSON.parse(text) : null;
    if (!answer.ok) throw Object.assign(new Error(`${method} ${address}: ${answer.status} ${text}`), { status: answer.status, body: value });
    return value;
  }

  get(address) {
    return this.call("GET", address);
  }
  post(address, body = {}) {
    return this.call("POST", address, body);
  }
}

/** An app's process: one of the examples, as its vendor would run it. */
export class App {
  constructor(command, args, env) {
    this.child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    this.text = "";
    for (const stream of [this.child.stdout, this.child.stderr]) stream.on("data", (d) => (this.text += d));
  }

  stop() {
    this.child.kill("SIGKILL");
  }
}

export function writeTemp(dir, name, content) {
  const file = path.join(dir, name);
  writeFileSync(file, content);
  return file;
}
