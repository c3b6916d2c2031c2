// Real servers and databases that are killed, frozen, starved and cut off.
import { execFile, execFileSync, spawn } from "node:child_process";
import { appendFileSync, closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { ADMIN, Server, freePort, until } from "../../e2e/lib/server.js";

const run = promisify(execFile);
export const BIN = process.env.RUSLO_BIN ?? path.resolve(import.meta.dirname, "../../target/debug/ruslo");
const POSTGRES = path.resolve(import.meta.dirname, "../../tools/postgres");

/** Where one scenario keeps what it makes. */
export function scratch() {
  return mkdtempSync(path.join(os.tmpdir(), "ruslo-faults-"));
}

/** One server process. `inside` is a command in front of it, as `ip netns exec`. */
export class Node extends Server {
  constructor(options) {
    super({});
    rmSync(this.dir, { recursive: true, force: true });
    const { dir, name, databaseUrl, host = "127.0.0.1", inside = [], env = {}, bin = BIN } = options;
    Object.assign(this, { dir: path.join(dir, name), name, database: undefined, databaseUrl, host, inside, extra: env, bin });
    mkdirSync(this.dir, { recursive: true });
    this.log = path.join(this.dir, "server.log");
  }

  get url() {
    return `http://${this.host}:${this.port}`;
  }

  get env() {
    return { ...super.env, RUSLO_LISTEN: `${this.host}:${this.port}`, RUSLO_NODE_URL: this.url, RUSLO_LOG: "warn,runtime=info", ...this.extra };
  }

  async start() {
    this.port ??= await freePort();
    const log = openSync(this.log, "a");
    const [command, ...args] = [...this.inside, this.bin, "serve"];
    this.child = spawn(command, args, { env: this.env, stdio: ["ignore", log, log] });
    closeSync(log);
    this.child.once("exit", (code, signal) => (this.exited = signal ?? code));
    this.exited = undefined;
    const begun = Date.now();
    await until(`${this.name} to be ready`, async () => {
      if (this.exited !== undefined) throw new Error(`it stopped (${this.exited}):\n${this.output().slice(-3000)}`);
      return (await fetch(`${this.url}/readyz`, { signal: AbortSignal.timeout(2_000) })).ok;
    }, { everyMs: 20 });
    return Date.now() - begun;
  }

  get alive() {
    return this.child !== undefined && this.exited === undefined;
  }

  freeze() {
    this.child.kill("SIGSTOP");
    this.frozen = true;
  }

  thaw() {
    this.child.kill("SIGCONT");
    this.frozen = false;
  }

  /** Ends it as an operator does; what it keeps stays. */
  async leave() {
    if (!this.alive) return;
    const gone = new Promise((ok) => this.child.once("exit", ok));
    if (this.frozen) this.thaw();
    this.child.kill("SIGTERM");
    const timer = setTimeout(() => this.child.kill("SIGKILL"), 15_000);
    await gone;
    clearTimeout(timer);
  }

  /** A figure of its metrics; none while it does not answer. */
  async metric(name) {
    try {
      const text = await (await fetch(`${this.url}/metrics`, { signal: AbortSignal.timeout(1_000) })).text();
      const line = text.split("\n").find((l) => l.startsWith(`ruslo_${name} `) || l.startsWith(`ruslo_${name}{`));
      return line === undefined ? undefined : Number(line.split(" ").at(-1));
    } catch {
      return undefined;
    }
  }
}

/** A throw-away PostgreSQL server. */
export class Postgres {
  constructor(dir) {
    this.dir = path.join(dir, "postgres");
    execFileSync("chmod", ["755", dir]);
  }

  start(env = {}) {
    this.url = execFileSync(POSTGRES, ["start", this.dir], { encoding: "utf8", env: { ...process.env, ...env } }).trim();
    return this.url;
  }

  get port() {
    return Number(new URL(this.url.replace("postgres:", "http:")).port);
  }

  get programs() {
    const known = execFileSync("sh", ["-c", "ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1"], { encoding: "utf8" }).trim();
    return known || path.dirname(execFileSync("sh", ["-c", "readlink -f $(command -v initdb)"], { encoding: "utf8" }).trim());
  }

  /** The user it runs as: PostgreSQL refuses root. */
  get as() {
    if (process.getuid() !== 0) return [];
    const user = (() => {
      try {
        execFileSync("id", ["postgres"], { stdio: "ignore" });
        return "postgres";
      } catch {
        return "nobody";
      }
    })();
    return ["setpriv", `--reuid=${user}`, `--regid=${execFileSync("id", ["-g", user], { encoding: "utf8" }).trim()}`, "--clear-groups", "--"];
  }

  /** That user and his group, as `chown` takes them. */
  get user() {
    return this.as.length ? this.as.slice(1, 3).map((option) => option.split("=")[1]).join(":") : undefined;
  }

  /** How often it stopped itself because its log could not be written. */
  get panics() {
    const log = readFileSync(path.join(this.dir, "data/server.log"), "utf8");
    return log.split("\n").filter((line) => /PANIC:.*No space left/.test(line)).length;
  }

  async control(...args) {
    const [command, ...rest] = [...this.as, path.join(this.programs, "pg_ctl"), "-D", path.join(this.dir, "data"), "-w", ...args];
    await run(command, rest, { cwd: "/" });
  }

  /** Stops it and starts it again after a while, with the settings it had. */
  async restart(mode, pauseMs) {
    const settings = this.settings();
    await this.control("-m", mode, "stop");
    await new Promise((ok) => setTimeout(ok, pauseMs));
    await this.resume(settings);
  }

  /** Starts it after it stopped, by itself or by us. */
  async resume(settings = this.settings()) {
    await this.control("-l", path.join(this.dir, "data/server.log"), "-o", settings, "start");
  }

  /** What it was started with, as `pg_ctl` takes it. */
  settings() {
    const options = readFileSync(path.join(this.dir, "data/postmaster.opts"), "utf8").trim();
    const quoted = [...options.matchAll(/"([^"]*)"/g)].map((m) => m[1]);
    // postmaster.opts: the program, then its options; -D is pg_ctl's own.
    const own = quoted.filter((part, at) => part !== "-D" && quoted[at - 1] !== "-D");
    return own.map((part) => (/^[\w./=-]+$/.test(part) ? part : `'${part}'`)).join(" ");
  }

  /** Keeps its log (`pg_wal`) in another place from now on. */
  async moveLog(place) {
    const [log, settings] = [path.join(this.dir, "data/pg_wal"), this.settings()];
    await this.control("-m", "fast", "stop");
    execFileSync("cp", ["-a", log, path.join(place, "pg_wal")]);
    rmSync(log, { recursive: true });
    symlinkSync(path.join(place, "pg_wal"), log);
    await this.resume(settings);
  }

  /** Whether its process runs. */
  get runs() {
    try {
      const pid = Number(readFileSync(path.join(this.dir, "data/postmaster.pid"), "utf8").split("\n")[0]);
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  }

  /** Listens on these addresses too, and takes everybody from there. */
  async open(addresses) {
    const rules = addresses.map((address) => `host all all ${address.replace(/\.\d+$/, ".0")}/24 trust\n`).join("");
    appendFileSync(path.join(this.dir, "data/pg_hba.conf"), rules);
    const options = path.join(this.dir, "data/postmaster.opts");
    const listen = `listen_addresses=${["127.0.0.1", ...addresses].join(",")}`;
    writeFileSync(options, readFileSync(options, "utf8").replace(/listen_addresses=[^"]*/, listen));
    await this.restart("fast", 0);
  }

  sql(text, database = "ruslo") {
    const url = this.url.replace(/\/[^/]*$/, `/${database}`);
    return execFileSync(path.join(this.programs, "psql"), ["-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", text], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
  }

  stop() {
    if (existsSync(this.dir)) execFileSync(POSTGRES, ["stop", this.dir]);
  }
}

export { ADMIN, until };
