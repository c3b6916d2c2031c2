// What is done to real servers under load. Every scenario returns figures; `wrong` of them fails the run.
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { settle } from "./check.js";
import { Exchange } from "./exchange.js";
import { Load } from "./load.js";
import { Network } from "./network.js";
import { BIN, Node, Postgres, scratch, until } from "./servers.js";

const sleep = (ms) => new Promise((ok) => setTimeout(ok, ms));
const PARTITIONS = 64;

/** A stage: a folder, what was started, and an end that leaves nothing behind. */
class Stage {
  constructor({ short }) {
    this.short = short;
    this.dir = scratch();
    this.nodes = [];
    this.undo = [];
  }

  postgres(env) {
    this.database = new Postgres(this.dir);
    this.database.start(env);
    return this.database;
  }

  async node(name, options = {}) {
    const node = new Node({ dir: this.dir, name, databaseUrl: this.database?.url, ...options });
    this.nodes.push(node);
    await node.start();
    return node;
  }

  /** Addresses of servers that run, as far as a client can know. */
  targets() {
    return this.nodes.filter((node) => node.alive).map((node) => node.url);
  }

  async load(Kind = Load) {
    this.book = new Kind(() => this.targets(), this.dir);
    await this.book.prepare(this.nodes[0]);
    return this.book;
  }

  /** Lets everything come to its end and compares. */
  async outcome(figures = {}) {
    const begun = Date.now();
    await settle(this.book);
    figures.settle_ms = Date.now() - begun;
    const { wrong, instances } = await this.book.verify();
    if (this.short) wrong.push(...(await this.blind()));
    return { ...this.book.counts, instances, failures: this.book.failed(), ...figures, wrong };
  }

  /** Whether the checker overlooks what never happened. */
  async blind() {
    const { wrong } = await this.book.invented().verify();
    const least = this.book.blindMin ?? 3;
    return wrong.length >= least ? [] : [`the checker overlooks what is lost: it saw ${wrong.length} of ${least}`];
  }

  async end() {
    if (this.book) await Promise.race([this.book.stop(), sleep(20_000)]);
    for (const node of this.nodes) {
      if (node.frozen) node.thaw();
      if (node.alive) await node.kill();
    }
    this.database?.stop();
    for (const undo of this.undo.reverse()) undo();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

async function killed(stage, rounds, loadMs, kind) {
  const load = await stage.load(kind);
  load.run();
  const restarts = [];
  for (let round = 0; round < rounds; round++) {
    await sleep(loadMs);
    await stage.nodes[0].kill();
    restarts.push(await stage.nodes[0].start());
  }
  await sleep(1_000);
  return stage.outcome({ kills: rounds, restart_ms: Math.max(...restarts) });
}

/** SIGKILL again and again, on the embedded database. */
async function sqliteKill(stage) {
  await stage.node("one");
  return killed(stage, stage.short ? 2 : 6, stage.short ? 1_500 : 4_000);
}

/** The same on PostgreSQL. */
async function postgresKill(stage) {
  stage.postgres();
  await stage.node("one");
  // A node that comes back takes its partitions once the others, were there any, had given it up: ten seconds.
  return killed(stage, stage.short ? 1 : 4, stage.short ? 2_000 : 12_000);
}

/** Calls and messages between instances while the server is killed, on the embedded database. */
async function exchangeKill(stage) {
  await stage.node("one");
  return killed(stage, stage.short ? 2 : 6, stage.short ? 1_500 : 4_000, Exchange);
}

/** The same on PostgreSQL. */
async function exchangeKillPostgres(stage) {
  stage.postgres();
  await stage.node("one");
  return killed(stage, stage.short ? 1 : 4, stage.short ? 2_000 : 8_000, Exchange);
}

async function three(stage, options = () => ({})) {
  for (const [at, name] of ["one", "two", "three"].entries()) await stage.node(name, options(at));
  await shared(stage.nodes);
  return stage.load();
}

/** Waits until these nodes serve all partitions; gives the milliseconds since `from`. */
async function shared(nodes, from = Date.now()) {
  const all = async () => {
    const owned = await Promise.all(nodes.map((node) => node.metric("partitions_owned")));
    return owned.every((n) => n > 0) && owned.reduce((a, b) => a + b, 0) === PARTITIONS;
  };
  await until("all partitions to be served", all, { timeoutMs: 60_000, everyMs: 20 });
  return Date.now() - from;
}

/** One of three nodes dies under load: the others take what it served. */
async function nodesKill(stage) {
  stage.postgres();
  const load = await three(stage);
  load.run();
  await sleep(stage.short ? 2_000 : 5_000);
  const takeovers = [];
  for (let round = 0; round < 3; round++) {
    const victim = stage.nodes[round];
    const from = Date.now();
    await victim.kill();
    takeovers.push(await shared(stage.nodes.filter((node) => node.alive), from));
    if (stage.short) break;
    await sleep(3_000);
    await victim.start();
    await shared(stage.nodes);
  }
  return stage.outcome({ takeover_ms: Math.max(...takeovers), gap_ms: load.longestGap(load.times[0]) });
}

/** One of three nodes is frozen for longer than the others wait, and wakes up believing that nothing happened. */
async function nodesFreeze(stage) {
  stage.postgres();
  const load = await three(stage);
  load.run();
  const takeovers = [];
  for (let round = 0; round < (stage.short ? 1 : 3); round++) {
    await sleep(3_000);
    const victim = stage.nodes[round];
    const from = Date.now();
    victim.freeze();
    takeovers.push(await shared(stage.nodes.filter((node) => node !== victim), from));
    await sleep(3_000);
    victim.thaw();
    await sleep(3_000);
    await shared(stage.nodes);
  }
  return stage.outcome({ takeover_ms: Math.max(...takeovers), gap_ms: load.longestGap(load.times[0]) });
}

/** Nodes leave and come back one after another, as in a rolling upgrade. */
async function nodesRoll(stage) {
  stage.postgres();
  const load = await three(stage);
  load.run();
  await sleep(3_000);
  const leaves = [];
  for (const node of stage.nodes) {
    const from = Date.now();
    await node.leave();
    leaves.push(await shared(stage.nodes.filter((other) => other.alive), from));
    await sleep(1_000);
    await node.start();
    await shared(stage.nodes);
  }
  return stage.outcome({ handover_ms: Math.max(...leaves), gap_ms: load.longestGap(load.times[0]) });
}

/** A release that was and this one, side by side on one database: nodes change over one by one, one goes back. */
async function nodesUpgrade(stage) {
  stage.postgres();
  const old = process.env.RUSLO_OLD_BIN;
  const load = await three(stage, () => ({ bin: old }));
  load.run();
  await sleep(3_000);
  const leaves = [];
  for (const [node, bin] of [...stage.nodes.map((node) => [node, BIN]), [stage.nodes[1], old], [stage.nodes[1], BIN]]) {
    const from = Date.now();
    await node.leave();
    leaves.push(await shared(stage.nodes.filter((other) => other.alive), from));
    node.bin = bin;
    await node.start();
    await shared(stage.nodes);
    const acknowledged = load.started.size;
    await until("starts to be acknowledged", () => load.started.size > acknowledged + 5, { timeoutMs: 60_000 });
    await sleep(2_000);
  }
  return stage.outcome({ changes: leaves.length, handover_ms: Math.max(...leaves), gap_ms: load.longestGap(load.times[0]) });
}

/** PostgreSQL itself is restarted: politely, and as in a crash. */
async function postgresRestart(stage) {
  const database = stage.postgres();
  const load = await three(stage);
  load.run();
  const recoveries = [];
  for (const mode of stage.short ? ["immediate"] : ["fast", "immediate", "fast", "immediate"]) {
    await sleep(3_000);
    await database.restart(mode, 1_000);
    const back = Date.now();
    const before = load.started.size;
    await until("starts to be acknowledged again", () => load.started.size > before, { timeoutMs: 60_000, everyMs: 10 });
    recoveries.push(Date.now() - back);
    await shared(stage.nodes);
  }
  return stage.outcome({ restarts: recoveries.length, back_after_ms: Math.max(...recoveries) });
}

/** A file system of its own with so many megabytes. */
function smallDisk(stage, name, megabytes, owner) {
  const place = path.join(stage.dir, name);
  mkdirSync(place, { recursive: true });
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=0755`, "tmpfs", place]);
  stage.undo.push(() => execFileSync("umount", ["-l", place]));
  if (owner) execFileSync("chown", [owner, place]);
  const filler = path.join(place, "filler");
  return {
    place,
    fill: () => execFileSync("sh", ["-c", `cat /dev/zero > '${filler}' 2>/dev/null; true`]),
    free: () => rmSync(filler, { force: true }),
  };
}

/** Starts are refused while the disk is full, and work again when there is room. */
async function starved(stage, disk, figures) {
  const load = stage.book;
  load.run();
  await sleep(3_000);
  let refused = 0;
  for (let round = 0; round < (stage.short ? 1 : 3); round++) {
    const before = load.failures.get("STO-0001") ?? 0;
    disk.fill();
    await until("a start to be refused", () => (load.failures.get("STO-0001") ?? 0) > before, { timeoutMs: 60_000 });
    await sleep(3_000);
    refused += (load.failures.get("STO-0001") ?? 0) - before;
    const acknowledged = load.started.size;
    disk.free();
    await until("starts to be acknowledged again", () => load.started.size > acknowledged, { timeoutMs: 60_000 });
    await sleep(2_000);
  }
  return stage.outcome({ refused, ...figures });
}

/** The embedded database's disk is full. */
async function sqliteFull(stage) {
  const disk = smallDisk(stage, "disk", 64);
  await stage.node("disk");
  await stage.load();
  return starved(stage, disk, {});
}

/** The disk of PostgreSQL's tables is full. */
async function postgresFull(stage) {
  const database = stage.postgres();
  const user = database.user;
  const disk = smallDisk(stage, "disk", 64, user);
  mkdirSync(path.join(disk.place, "space"));
  if (user) execFileSync("chown", [user, path.join(disk.place, "space")]);
  database.sql(`CREATE TABLESPACE small LOCATION '${path.join(disk.place, "space")}'`);
  database.sql("CREATE DATABASE starved TABLESPACE small");
  await stage.node("one", { databaseUrl: database.url.replace(/\/[^/]*$/, "/starved") });
  await stage.load();
  return starved(stage, disk, {});
}

/** The disk of PostgreSQL's own log is full: it panics in mid-commit, and can not even recover until there is room. */
async function postgresLogFull(stage) {
  const database = stage.postgres({ MAX_WAL_SIZE: "48MB" });
  // Little is kept, so that the log needs room soon.
  for (const setting of ["min_wal_size = '32MB'", "wal_recycle = off"]) {
    database.sql(`ALTER SYSTEM SET ${setting}`);
  }
  const disk = smallDisk(stage, "log", 192, database.user);
  await database.moveLog(disk.place);
  await stage.node("one");
  const load = await stage.load();
  load.run();
  const [recoveries, panics] = [[], []];
  for (let round = 0; round < (stage.short ? 1 : 3); round++) {
    await sleep(3_000);
    disk.fill();
    // What else writes to this server moves its log on.
    await until("the database to panic", () => panicked(database, round), { timeoutMs: 90_000, everyMs: 50 });
    panics.push(load.started.size);
    await sleep(3_000);
    disk.free();
    const back = Date.now();
    if (!database.runs) await database.resume();
    const before = load.started.size;
    await until("starts to be acknowledged again", () => load.started.size > before, { timeoutMs: 90_000, everyMs: 10 });
    recoveries.push(Date.now() - back);
  }
  await sleep(2_000);
  return stage.outcome({ panics: panics.length, back_after_ms: Math.max(...recoveries) });
}

/** Writes until the server says that its log has no room, for one time more than before. */
function panicked(database, before) {
  try {
    database.sql("CREATE TABLE IF NOT EXISTS ballast (x text); INSERT INTO ballast SELECT repeat('x', 1000) FROM generate_series(1, 8000); TRUNCATE ballast", "postgres");
  } catch {
    // It is on its way down.
  }
  return database.panics > before;
}

/** The way from one of three nodes to the database is cut; clients and other nodes still reach it. */
async function networkCut(stage) {
  const network = new Network(3);
  stage.undo.push(() => network.end());
  const database = stage.postgres();
  await database.open(network.database);
  const load = await three(stage, (at) => ({
    host: network.hosts[at].client,
    inside: network.hosts[at].inside,
    databaseUrl: database.url.replace("127.0.0.1", network.hosts[at].database),
  }));
  load.run();
  const takeovers = [];
  for (let round = 0; round < (stage.short ? 1 : 3); round++) {
    await sleep(3_000);
    const from = Date.now();
    network.cut(round);
    takeovers.push(await shared(stage.nodes.filter((_, at) => at !== round), from));
    await sleep(3_000);
    network.mend(round);
    await sleep(1_000);
    await shared(stage.nodes);
  }
  return stage.outcome({ takeover_ms: Math.max(...takeovers), gap_ms: load.longestGap(load.times[0]) });
}

/** By name: what it needs besides, whether the short run has it, what it does. */
export const SCENARIOS = {
  "sqlite-kill": { short: true, run: sqliteKill },
  "postgres-kill": { short: true, run: postgresKill },
  "exchange-kill": { run: exchangeKill },
  "exchange-kill-postgres": { run: exchangeKillPostgres },
  "nodes-kill": { short: true, run: nodesKill },
  "nodes-freeze": { run: nodesFreeze },
  "nodes-roll": { run: nodesRoll },
  "nodes-upgrade": { needs: "old", run: nodesUpgrade },
  "postgres-restart": { run: postgresRestart },
  "sqlite-full": { needs: "mounts", run: sqliteFull },
  "postgres-full": { needs: "mounts", run: postgresFull },
  "postgres-log-full": { needs: "mounts", run: postgresLogFull },
  "network-cut": { needs: "namespaces", run: networkCut },
};

export async function play(name, options) {
  const stage = new Stage(options);
  const begun = Date.now();
  try {
    const figures = await SCENARIOS[name].run(stage);
    return { scenario: name, seconds: Math.round((Date.now() - begun) / 1000), ...figures };
  } catch (error) {
    const logs = stage.nodes.map((node) => `--- ${node.name}\n${node.output().slice(-2_000)}`).join("\n");
    return { scenario: name, wrong: [`${error.stack ?? error}`], logs };
  } finally {
    await stage.end();
  }
}
