"""Our side: the release binary's own `bench` command, one fresh database a run.

Owns: how the command is called and how its one JSON object is read. A store that the binary can not measure is absent.
"""
import json
import os
import subprocess
import time

from .machine import Absent, read

JOBS = {"A": "straight-through", "B": "service", "envelope": "envelope"}
STORES = ("sqlite", "postgres")
# Below so many instances the making of the tables would outweigh what PostgreSQL does for them.
MANY = 5000
FIRST_GUESS = {1: 3000, 64: 20000}


class Ours:
    def __init__(self, sitting, binary, mode):
        self.sitting, self.binary, self.mode = sitting, binary, mode
        if not os.access(binary, os.X_OK):
            raise SystemExit(f"bench-peers: no release binary at {binary}; run `make build` first")
        self.version = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout.strip()
        usage = subprocess.run([binary, "bench", "--help"], capture_output=True, text=True, check=True).stdout
        self.knows_seconds, self.knows_kill = "--seconds" in usage, "--kill" in usage
        self.absent, self.rates = {}, {}

    def run(self, job, store, clients, seconds):
        """One run, or None when this store or job is absent (the reason is kept)."""
        if (job, store) in self.absent:
            return None
        try:
            result, cpu_seconds = self._call(job, store, self._size(job, store, clients, seconds), seconds)
            database = result.pop("postgres", None)
        except Absent as why:
            self.absent[job, store] = str(why)
            return None
        self.rates[job, store, clients] = result["per_second"]
        result["ok"], result["errors"] = result["instances"], result.get("errors", 0)
        whole = cpu_seconds * 1e6 / max(result["ok"], 1)
        result["cpu_us"] = {"peer": round(result.get("cpu_us_per_instance") or whole, 1)}
        if database and result["ok"] >= MANY:
            result["cpu_us"]["postgres"] = round(database["cpu_seconds"] * 1e6 / result["ok"])
            result["database"] = {key: round(database[key] / result["ok"], 2) for key in ("syncs", "wal_bytes")}
        return result

    def overhead(self):
        """Seconds of a run that are not measured: start, sign-in, database, end."""
        began = time.monotonic()
        result = self.run("A", "sqlite", 64, 1.0)
        return time.monotonic() - began - result["seconds"] if result else 1.0

    def kill_check(self, store):
        """The server is killed in mid-load and started again: what was acknowledged, lost and doubled."""
        if self.mode != "http" or not self.knows_kill:
            return None
        try:
            result, _ = self._call("A", store, ["--clients", "64", "--seconds", "2", "--kill"], 2)
            return result["kill"]
        except Absent as why:
            self.absent["kill check", store] = str(why)
            return None

    def _size(self, job, store, clients, seconds):
        if self.knows_seconds:
            return ["--clients", str(clients), "--seconds", str(seconds)]
        rate = self.rates.get((job, store, clients))
        instances = int(rate * seconds) if rate else FIRST_GUESS.get(clients, 20000)
        return ["--clients", str(clients), "--instances", str(instances)]

    def _call(self, job, store, size, seconds):
        """The command's JSON object and the CPU seconds of all its processes."""
        command = [self.binary, "bench", JOBS[job], *size, "--json"]
        if self.mode == "http":
            command.append("--http")
        if store == "postgres":
            postgres = self.sitting.database("our run")
            command += ["--database-url", postgres.fresh("ruslo_bench")]
            postgres.checkpoint()
            before = {"cpu_seconds": postgres.child.cpu_seconds(), **postgres.counters()}
        began = os.times()
        with open(os.path.join(self.sitting.logs, "ruslo.log"), "ab") as log:
            start = log.tell()
            try:
                done = subprocess.run(command, stdout=subprocess.PIPE, stderr=log, timeout=seconds * 4 + 90,
                                      env={**os.environ, "TMPDIR": self.sitting.data}, check=False)
            except subprocess.TimeoutExpired:
                raise Absent(f"`{' '.join(command[1:])}` did not end") from None
        if done.returncode:
            said = [l.strip() for l in read(log.name)[start:].splitlines() if l.strip()]
            raise Absent(said[-1][:300] if said else f"exit code {done.returncode}")
        ended = os.times()
        cpu = ended.children_user + ended.children_system - began.children_user - began.children_system
        result = json.loads(done.stdout.decode().strip().splitlines()[-1])
        if store == "postgres":
            after = {"cpu_seconds": postgres.child.cpu_seconds(), **postgres.counters()}
            result["postgres"] = {key: after[key] - before[key] for key in after}
        return result, cpu
