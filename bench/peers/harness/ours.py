"""Our side: the release binary's own `bench` command, one fresh database a run.

Owns: how the command is called and how its one JSON object is read. A store that the binary can not measure is absent.
"""
import json
import os
import subprocess
import time

from .machine import Absent

JOBS = {"A": "straight-through", "B": "service", "envelope": "envelope"}
STORES = ("sqlite", "postgres")
FIRST_GUESS = {1: 3000, 64: 20000}


class Ours:
    def __init__(self, sitting, binary, mode):
        self.sitting, self.binary, self.mode = sitting, binary, mode
        if not os.access(binary, os.X_OK):
            raise SystemExit(f"bench-peers: no release binary at {binary}; run `make build` first")
        self.version = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout.strip()
        usage = subprocess.run([binary, "bench", "--help"], capture_output=True, text=True, check=True).stdout
        self.knows_seconds = "--seconds" in usage
        self.absent, self.rates = {}, {}

    def run(self, job, store, clients, seconds):
        """One run, or None when this store or job is absent (the reason is kept)."""
        if (job, store) in self.absent:
            return None
        try:
            return self._run(job, store, clients, seconds)
        except Absent as why:
            self.absent[job, store] = str(why)
            return None

    def _run(self, job, store, clients, seconds):
        command = [self.binary, "bench", JOBS[job], "--clients", str(clients), "--json"]
        if self.mode == "http":
            command.append("--http")
        if self.knows_seconds:
            command += ["--seconds", str(seconds)]
        else:
            rate = self.rates.get((job, store, clients))
            command += ["--instances", str(int(rate * seconds) if rate else FIRST_GUESS.get(clients, 20000))]
        if store == "postgres":
            postgres = self.sitting.database("our run")
            command += ["--database-url", postgres.fresh("ruslo_bench")]
            postgres.checkpoint()
        began = os.times()
        clock = time.monotonic()
        # One file a stream, as a full pipe would stop the server that is measured.
        with open(os.path.join(self.sitting.logs, "ruslo.log"), "ab+") as log:
            try:
                done = subprocess.run(command, stdout=subprocess.PIPE, stderr=log, timeout=seconds * 4 + 90,
                                      env={**os.environ, "TMPDIR": self.sitting.data}, check=False)
            except subprocess.TimeoutExpired:
                raise Absent(f"`{' '.join(command[1:])}` did not end") from None
            if done.returncode:
                log.seek(0)
                said = [l.strip() for l in log.read().decode(errors="replace").splitlines() if l.strip()]
                raise Absent(said[-1][:300] if said else f"exit code {done.returncode}")
        ended = os.times()
        result = json.loads(done.stdout.decode().strip().splitlines()[-1])
        self.rates[job, store, clients] = result["per_second"]
        result["ok"], result["errors"] = result["instances"], result.get("errors", 0)
        used = ended.children_user + ended.children_system - began.children_user - began.children_system
        result["cpu_us"] = {"peer": round(used * 1e6 / max(result["ok"], 1))}
        result["whole_run_seconds"] = round(time.monotonic() - clock, 2)
        return result
