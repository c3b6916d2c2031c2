#!/usr/bin/env python3
"""How far several nodes on one PostgreSQL server reach: a simulation, for machines with more cores than ours.

Requests of job A go round: a core of their node, the node's queue of commits, one transaction at a time on each of its
two writers (the second helps when a whole batch waits, crates/store-postgres/src/queue.rs), the wire, a core of the
database for the whole transaction (a session is one process), the log, and back. Costs are those measured on one machine
(bench/RESULTS.md); what a larger machine adds or takes (memory bandwidth, locks between sessions, a slower disk) is not
in it, so take the shape and not the last digit. Nothing is random but the order in which clients begin.

    bench/scale.py                    the tables
    bench/scale.py --check            one node, server, database and load on two cores: beside what was measured there
"""
import argparse
import heapq
import random
from collections import deque

# Microseconds, measured with 64 clients on two cores; MEASURED is the rate of the same runs.
SERVER = 46.0  # server's processor time of an A
LOAD = 30.0  # the load generator's, which shares the cores in --check only
COMMIT = 550.0  # database's processor time of a transaction besides its rows
ROWS = 23.0  # and of an A's rows
LOG_SYNC = 200.0  # fdatasync of the log
LOG_BYTES = 1_400  # of an A
BATCH = 128
MEASURED = 14_927


class World:
    """A clock and what happens when."""

    def __init__(self):
        self.now, self.events, self.order = 0.0, [], 0

    def after(self, delay, act):
        self.order += 1
        heapq.heappush(self.events, (self.now + delay, self.order, act))

    def run(self, until):
        while self.events and self.events[0][0] <= until:
            self.now, _, act = heapq.heappop(self.events)
            act()


class Cores:
    """Work is done in its order by as many as there are."""

    def __init__(self, world, count):
        self.world, self.free, self.waiting, self.busy = world, count, deque(), 0.0

    def work(self, time, then):
        self.waiting.append((time, then))
        self.next()

    def next(self):
        while self.free and self.waiting:
            time, then = self.waiting.popleft()
            self.free -= 1
            self.busy += time
            self.world.after(time, lambda then=then: self.done(then))

    def done(self, then):
        self.free += 1
        then()
        self.next()


class Log:
    """Who comes while it syncs waits for the next sync, with all others that came."""

    def __init__(self, world, sync):
        self.world, self.sync, self.waiting, self.busy = world, sync, [], False

    def flush(self, then):
        self.waiting.append(then)
        if not self.busy:
            self.begin()

    def begin(self):
        self.busy, going, self.waiting = True, self.waiting, []
        self.world.after(self.sync, lambda: self.end(going))

    def end(self, going):
        for then in going:
            then()
        self.busy = False
        if self.waiting:
            self.begin()


class Node:
    """A server: its cores, its queue, its two writers."""

    def __init__(self, world, cores, database, log, wire):
        self.world, self.cores, self.database, self.log, self.wire = world, cores, database, log, wire
        self.queue, self.writing, self.done, self.commits = deque(), 0, 0, 0

    def request(self, cost):
        self.cores.work(cost / 2, lambda: self.ready(cost))

    def ready(self, cost):
        self.queue.append(cost)
        self.take()

    def take(self):
        while self.queue and (self.writing == 0 or (self.writing == 1 and len(self.queue) >= BATCH)):
            batch = [self.queue.popleft() for _ in range(min(BATCH, len(self.queue)))]
            self.writing += 1
            self.commits += 1
            self.world.after(self.wire / 2, lambda batch=batch: self.there(batch))

    def there(self, batch):
        answer = lambda: self.world.after(self.wire / 2, lambda: self.back(batch))  # noqa: E731
        self.database.work(COMMIT + ROWS * len(batch), lambda: self.log.flush(answer))

    def back(self, batch):
        self.writing -= 1
        for cost in batch:
            self.cores.work(cost / 2, lambda cost=cost: self.answered(cost))
        self.take()

    def answered(self, cost):
        self.done += 1
        self.request(cost)


def run(nodes, node_cores, database_cores, clients, wire, shared=False, seconds=2.0):
    """Instances a second, share of the database's processor in use, units a commit."""
    world, order = World(), random.Random(1)
    database = Cores(world, database_cores)
    log = Log(world, LOG_SYNC)
    all_nodes = [
        Node(world, database if shared else Cores(world, node_cores), database, log, wire) for _ in range(nodes)
    ]
    cost = SERVER + (LOAD if shared else 0.0)
    for node in all_nodes:
        for _ in range(clients):
            world.after(order.random() * 1_000, lambda node=node: node.request(cost))
    warm, length = 0.5e6, seconds * 1e6
    world.run(warm)
    done, busy, commits = sum(n.done for n in all_nodes), database.busy, sum(n.commits for n in all_nodes)
    world.run(warm + length)
    done, commits = sum(n.done for n in all_nodes) - done, sum(n.commits for n in all_nodes) - commits
    return done / seconds, (database.busy - busy) / (length * database_cores), done / max(commits, 1)


def check():
    rate, busy, batch = run(1, 2, 2, 64, 0.0, shared=True)
    print(f"one node, all on 2 cores, 64 clients: {rate:,.0f}/s simulated, {MEASURED:,}/s measured "
          f"({rate / MEASURED:.2f}); {batch:.0f} units a commit, cores {busy:.0%} busy")


def tables(clients, wire):
    print(f"Job A, nodes of 4 cores, {clients} clients each, {wire / 1000:g} ms to the database and back; "
          "instances a second (share of the database's cores in use)\n")
    sizes = (2, 4, 8, 16, 32)
    print("| nodes | " + " | ".join(f"database of {n} cores" for n in sizes) + " |\n|---|" + "---|" * len(sizes))
    for nodes in (1, 2, 3, 4, 6, 8):
        cells = []
        for size in sizes:
            rate, busy, _ = run(nodes, 4, size, clients, wire, seconds=0.5)
            cells.append(f"{round(rate, -2):,.0f} ({busy:.0%})")
        print(f"| {nodes} | " + " | ".join(cells) + " |")
    rate, _, _ = run(8, 4, 32, clients, wire, seconds=0.5)
    print(f"\nThe log grows by {rate * LOG_BYTES / 1e6:,.0f} MB/s at the largest of these.")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--check", action="store_true", help="beside what was measured on two cores")
    options.add_argument("--clients", type=int, default=256, help="of each node (256)")
    options.add_argument("--wire", type=float, default=300.0, help="microseconds to the database and back (300)")
    given = options.parse_args()
    check() if given.check else tables(given.clients, given.wire)
