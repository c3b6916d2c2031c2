"""The machine and its processes.

Owns: facts about the machine, free ports, child processes with their CPU and disk counters.
Never: touches a process that it did not start.
"""
import glob
import json
import os
import platform
import queue
import random
import signal
import socket
import subprocess
import threading
import time

TICKS = os.sysconf("SC_CLK_TCK")


class Absent(Exception):
    """A peer can not take part; the text says why."""


def read(path, default=""):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return default


def fdatasync_rate(folder, seconds=2.0):
    """Appends of 4 KiB, each followed by fdatasync, in a second: the plainest commit this disk gives."""
    path, block, count = os.path.join(folder, "fdatasync.tmp"), b"x" * 4096, 0
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    began = time.perf_counter()
    while time.perf_counter() < began + seconds:
        os.write(file, block)
        os.fdatasync(file)
        count += 1
    took = time.perf_counter() - began
    os.close(file)
    os.remove(path)
    return count / took


def filesystem(folder):
    best, folder = ("", "?"), os.path.realpath(folder)
    for line in read("/proc/mounts").splitlines():
        _, point, kind = line.split()[:3]
        if (folder + "/").startswith(point.rstrip("/") + "/") and len(point) >= len(best[0]):
            best = (point, kind)
    return best[1]


def busy_share(seconds=2.0):
    """What share of the cores others use at this moment."""

    def ticks():
        field = [int(n) for n in read("/proc/stat").splitlines()[0].split()[1:9]]
        return sum(field), field[3] + field[4]

    before = ticks()
    time.sleep(seconds)
    after = ticks()
    return 1 - (after[1] - before[1]) / max(after[0] - before[0], 1)


def facts(folder):
    cpu = next((l.split(":")[1].strip() for l in read("/proc/cpuinfo").splitlines() if l.startswith("model name")), "?")
    memory = next((int(l.split()[1]) for l in read("/proc/meminfo").splitlines() if l.startswith("MemTotal")), 0)
    system = next((l.split("=")[1].strip('"') for l in read("/etc/os-release").splitlines()
                   if l.startswith("PRETTY_NAME")), platform.system())
    return {
        "cpu": cpu, "cores": os.cpu_count(), "memory_gib": round(memory / 2**20, 1), "kernel": platform.release(),
        "system": system, "filesystem": filesystem(folder), "busy_before": round(busy_share(), 2),
        "fdatasync_per_second": round(fdatasync_rate(folder)),
    }


def free_ports(count):
    """Below the range of outgoing connections, so that none of those takes one before it is used."""
    held = []
    while len(held) < count:
        s = socket.socket()
        try:
            s.bind(("127.0.0.1", random.randrange(20_000, 32_000)))
            held.append(s)
        except OSError:
            s.close()
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports


def wait_for_port(port, child, seconds=60):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if child.process.poll() is not None:
            raise Absent(f"{child.name} ended at its start: {child.last_words()}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.2)
    raise Absent(f"{child.name} does not listen after {seconds} s: {child.last_words()}")


def stat(pid):
    """Parent and CPU ticks (own, reaped children's) of a process; None when it is gone."""
    text = read(f"/proc/{pid}/stat")
    if not text:
        return None
    field = text[text.rindex(")") + 2:].split()
    return int(field[1]), int(field[11]) + int(field[12]), int(field[13]) + int(field[14])


def tree(root):
    """The process and all its living descendants."""
    parents = {}
    for path in glob.glob("/proc/[0-9]*"):
        pid = int(path[6:])
        known = stat(pid)
        if known:
            parents.setdefault(known[0], []).append(pid)
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += parents.get(pid, [])
    return found


class Child:
    """A process of its own session. With `lines` its output is a stream of JSON objects, else it goes to the log."""

    def __init__(self, name, command, log, *, lines=False, env=None, cwd=None, user=None):
        self.name, self.log = name, log
        self.answers = queue.Queue()
        with open(log, "ab") as out:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE if lines else subprocess.DEVNULL,
                stdout=subprocess.PIPE if lines else out, stderr=out, env={**os.environ, **(env or {})}, cwd=cwd,
                user=user, group=user, extra_groups=[] if user else None, start_new_session=True)
        if lines:
            threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            if line.startswith(b"{"):
                self.answers.put(json.loads(line))
        self.answers.put(None)

    def next_answer(self, seconds):
        try:
            answer = self.answers.get(timeout=seconds)
        except queue.Empty:
            raise Absent(f"{self.name} did not answer within {seconds:.0f} s: {self.last_words()}") from None
        if answer is None:
            raise Absent(f"{self.name} ended: {self.last_words()}")
        if "error" in answer:
            raise Absent(f"{self.name}: {answer['error']}")
        return answer

    def ask(self, line, seconds):
        try:
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Absent(f"{self.name} ended: {self.last_words()}") from None
        return self.next_answer(seconds)

    def last_words(self):
        lines = [l.strip() for l in read(self.log).splitlines() if l.strip()]
        return lines[-1][:300] if lines else "it said nothing"

    def cpu_seconds(self):
        known = [stat(pid) for pid in tree(self.process.pid)]
        own = sum(s[1] for s in known if s)
        return (own + (known[0][2] if known[0] else 0)) / TICKS

    def written_bytes(self):
        total = 0
        for pid in tree(self.process.pid):
            for line in read(f"/proc/{pid}/io").splitlines():
                total += int(line.split()[1]) if line.startswith("write_bytes") else 0
        return total

    def send(self, number):
        for pid in tree(self.process.pid):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def freeze(self):
        self.send(signal.SIGSTOP)

    def thaw(self):
        self.send(signal.SIGCONT)

    def stop(self, number=signal.SIGTERM):
        if self.process.poll() is not None:
            return
        self.thaw()
        self.process.send_signal(number)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.send(signal.SIGKILL)
            self.process.wait(10)
