// Real faults against real processes: `node faults/run.js [--short] [scenario...]`.
//
// Prints a table and one JSON line per scenario; ends with 1 when anything acknowledged was lost or done twice.
import { appendFileSync } from "node:fs";
import { mounts, permitted } from "./lib/network.js";
import { SCENARIOS, play } from "./lib/scenarios.js";

const args = process.argv.slice(2);
const short = args.includes("--short");
const named = args.filter((arg) => !arg.startsWith("--"));
const unknown = named.filter((name) => !SCENARIOS[name]);
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(", ")}; there are ${Object.keys(SCENARIOS).join(", ")}`);
  process.exit(2);
}
const chosen = named.length > 0 ? named : Object.keys(SCENARIOS).filter((name) => !short || SCENARIOS[name].short);
const rights = "needs rights that this user does not have";
const lacks = {
  mounts: () => !mounts() && `mounting a small disk ${rights}`,
  namespaces: () => !permitted() && `network namespaces ${rights}`,
  old: () => !process.env.RUSLO_OLD_BIN && "RUSLO_OLD_BIN names no binary of an earlier release",
};

let failed = false;
const rows = [];

async function one(name) {
  const lack = lacks[SCENARIOS[name].needs]?.();
  if (lack) {
    console.log(`${name}: skipped: ${lack}`);
    rows.push({ scenario: name, result: "skipped" });
    return;
  }
  const { wrong, logs, ...figures } = await play(name, { short });
  const result = wrong.length === 0 ? "nothing lost" : `${wrong.length} wrong`;
  const line = JSON.stringify({ ...figures, result });
  console.log(line);
  if (process.env.RUSLO_FAULTS_JSON) appendFileSync(process.env.RUSLO_FAULTS_JSON, `${line}\n`);
  for (const what of wrong.slice(0, 20)) console.log(`  ${what}`);
  if (logs && wrong.length > 0) console.log(logs);
  failed ||= wrong.length > 0;
  rows.push({ ...figures, result });
}

// The short run is for every day: its scenarios wait most of the time, so they wait together.
if (short && named.length === 0) await Promise.all(chosen.map(one));
else for (const name of chosen) await one(name);

const columns = ["scenario", "seconds", "instances", "started", "tasks", "jobs", "messages", "takeover_ms", "gap_ms", "result"];
const text = (value) => (value === undefined ? "" : String(value));
const widths = columns.map((column) => Math.max(column.length, ...rows.map((row) => text(row[column]).length)));
for (const row of [Object.fromEntries(columns.map((column) => [column, column])), ...rows]) {
  console.log(columns.map((column, at) => text(row[column]).padEnd(widths[at])).join("  "));
}
process.exit(failed ? 1 : 0);
