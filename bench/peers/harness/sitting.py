"""One sitting: everything is started, warmed up and frozen; then interleaved rounds are measured; then all stops.

A round has four blocks: A and B, each with 1 and with 64 clients. A block is ours (each store), every peer, ours again,
so that the two sides of a ratio are seconds apart. A block whose two own runs differ by more than 20 % is noisy and is
repeated at most twice while time is left. The order of the peers turns by one from round to round.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from .machine import Absent, facts
from .ours import STORES
from .postgres import Postgres

BLOCKS = (("A", 1), ("A", 64), ("B", 1), ("B", 64))
NOISY = 0.20
SETTLE_SECONDS = 0.3
PEER_OVERHEAD_SECONDS = 1.2


def say(text):
    print(text, file=sys.stderr, flush=True)


class Sitting:
    def __init__(self, options, results):
        self.options, self.results = options, results
        base = os.environ.get("RUSLO_BENCH_DATA", "/var/tmp")
        self.folder = tempfile.mkdtemp(prefix="ruslo-bench-", dir=base)
        os.chmod(self.folder, 0o755)
        self.data, self.logs = os.path.join(self.folder, "data"), os.path.join(self.folder, "logs")
        os.makedirs(self.data)
        os.makedirs(self.logs)
        self.warm_limit = 3.0 if options.quick else 6.0
        self.peers, self.started, self.absent = [], {}, {}
        self.postgres, self.no_postgres, self.began, self.rounds_done = None, "", 0.0, 0
        self.seconds, self.own_overhead = options.seconds, 1.5

    def record(self, **line):
        self.results.write(json.dumps(line) + "\n")
        self.results.flush()

    # What the peers use.

    def database(self, who):
        if not self.postgres:
            raise Absent(f"{who} needs PostgreSQL: {self.no_postgres}")
        return self.postgres

    def call(self, command):
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            raise Absent((done.stderr or done.stdout).strip()[-300:])
        return done.stdout

    def generate(self, generator, address, path, clients, seconds, body):
        said = self.call([generator, address, path, str(clients), str(seconds), body])
        return json.loads(said)

    def post(self, url, body):
        """POST of JSON to this machine, tried again for 20 s: servers listen before they serve."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        request = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json"})
        until = time.monotonic() + 20
        while True:
            try:
                return opener.open(request, timeout=5).read()
            except (urllib.error.URLError, OSError) as e:
                if time.monotonic() > until:
                    raise Absent(f"POST {url}: {e}") from None
                time.sleep(0.3)

    # The sitting.

    def start(self, wanted):
        for peer in (make(self) for make in wanted):
            try:
                peer.install()
                self.peers.append(peer)
            except Absent as why:
                self.absent[peer.name] = str(why)
        self.began = time.monotonic()
        self.machine = facts(self.data)
        try:
            self.postgres = Postgres(os.path.join(self.folder, "postgres"), os.path.join(self.logs, "postgres.log"))
        except Absent as why:
            self.no_postgres = str(why)
        for peer in list(self.peers):
            say(f"  starting and warming up {peer.name} …")
            try:
                self.launch(peer)
            except Absent as why:
                self.drop(peer, why)
        for peer in self.peers:
            peer.freeze()
            self.started[peer.name] = peer

    def launch(self, peer):
        peer.start()
        peer.warm_up(self.warm_limit)
        if peer.on_postgres:
            durable = ", ".join(f"{name} {self.postgres.settings[name]}" for name in ("fsync", "synchronous_commit"))
            peer.durability = f"PostgreSQL, {durable}"

    def drop(self, peer, why):
        self.absent[peer.name] = str(why)
        self.peers.remove(peer)
        peer.stop()
        say(f"  {peer.name} is absent: {why}")

    def stop(self):
        for peer in self.peers:
            peer.stop()
        if self.postgres:
            self.postgres.stop()
        if self.options.keep:
            say(f"  data and logs are kept in {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def block_cost(self, seconds):
        """Seconds of the four blocks, by what is to be run in each."""
        costs = []
        for job, clients in BLOCKS:
            own = 2 * len(STORES) + (len(STORES) if (job, clients) == ("A", 64) else 0)
            cost = own * (seconds + self.own_overhead)
            for peer in self.peers:
                if clients <= peer.max_clients:
                    cost += PEER_OVERHEAD_SECONDS + len(peer.jobs[job]) * (seconds + 0.4)
            costs.append(cost)
        return costs

    def choose_seconds(self, ours, deadline):
        """The longest point, of at most 5 s, with which all rounds fit into the time that is left."""
        self.own_overhead = ours.overhead()
        if self.seconds:
            return
        self.seconds = self.fitting(5.0, self.options.rounds, (deadline - time.monotonic()) * 0.9)

    def rounds(self, ours, deadline):
        """All rounds, each with the longest point that still leaves time for those after it.

        What a round took beside what it was thought to take corrects the next; a noisy block is repeated only from
        time that no later round needs. With the shortest points a round may end a tenth late rather than be left out.
        """
        chosen, slower, began = self.seconds, 1.0, time.monotonic()
        for number in range(1, self.options.rounds + 1):
            started, left = time.monotonic(), self.options.rounds - number + 1
            self.seconds = self.fitting(chosen, slower * left, deadline - started)
            costs = [cost * slower for cost in self.block_cost(self.seconds)]
            late = started + sum(costs) - deadline
            if number > 1 and late > (deadline - began) * 0.1:
                say(f"  the time is up: {number - 1} of {self.options.rounds} rounds")
                break
            self.rounds_done = number
            turn = number % max(len(self.peers), 1)
            order = self.peers[turn:] + self.peers[:turn]
            first = 0.0
            for index, (job, clients) in enumerate(BLOCKS):
                rest = sum(costs[index + 1:]) + sum(costs) * (left - 1)
                for attempt in (1, 2, 3):
                    at = time.monotonic()
                    spread = self.block(ours, order, number, attempt, job, clients)
                    first += time.monotonic() - at if attempt == 1 else 0.0
                    enough = deadline - time.monotonic() > rest + costs[index]
                    if spread <= NOISY or not enough or self.options.quick:
                        break
            slower = max(first / sum(self.block_cost(self.seconds)), 0.5)

    def fitting(self, longest, rounds, left):
        """The longest point, of at most `longest` seconds and at least 1.5, with which `rounds` rounds fit."""
        seconds = longest
        while seconds > 1.5 and sum(self.block_cost(seconds)) * rounds > left:
            seconds -= 0.25
        return seconds

    def block(self, ours, order, number, attempt, job, clients):
        """Returns how far our two runs are apart, relative to their mean; the worst store counts."""
        at = {"round": number, "attempt": attempt, "block": f"{job}{clients}"}
        own = {store: [] for store in STORES}
        lines = []

        def run_ours(place):
            for store in STORES:
                result = ours.run(job, store, clients, self.seconds)
                if result:
                    own[store].append(result["per_second"])
                    lines.append({"engine": "ruslo", "store": store, "place": place, **result, "job": job})

        run_ours("before")
        if (job, clients) == ("A", 64):
            for store in STORES:
                result = ours.run("envelope", store, clients, self.seconds)
                if result:
                    lines.append({"engine": "envelope", "store": store, **result, "job": "A"})
        for peer in [p for p in order if p in self.peers and clients <= p.max_clients]:
            lines += self.visit(peer, job, clients)
        run_ours("after")
        spread = max((abs(two[0] - two[1]) / (sum(two) / 2) for two in own.values() if len(two) == 2), default=0.0)
        for line in lines:
            self.record(kind="run", **at, noisy=spread > NOISY, point=self.seconds, **{**line, "clients": clients})
        said = ", ".join(f"{l['engine']}{'' if l['engine'] != 'ruslo' else ' ' + l['store']} {l['job']}"
                         f" {l['per_second']:.0f}" for l in lines)
        say(f"  round {number} {job} {clients} clients{' NOISY' if spread > NOISY else ''}: {said}")
        return spread

    def visit(self, peer, job, clients):
        """All variants of a job on one peer, which is thawed before and frozen after."""
        lines = []
        try:
            peer.thaw()
            time.sleep(SETTLE_SECONDS)
            peer.run(peer.jobs[job][0], clients, 0.5)
            for variant in peer.jobs[job]:
                result = peer.measure(variant, clients, self.seconds)
                lines.append({"engine": peer.name, "store": "postgres" if peer.on_postgres else "own", **result,
                              "job": variant})
            peer.freeze()
        except Absent as why:
            self.drop(peer, f"failed in the middle of the sitting: {why}")
        return lines
