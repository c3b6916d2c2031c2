"""`bench/peers.sh`: the standard jobs against the peers, on this machine, in one sitting."""
import argparse
import json
import os
import signal
import sys
import time

from . import report
from .machine import Absent
from .ours import STORES, Ours
from .peers import DEFAULT, PEERS
from .prepare import HERE
from .sitting import Sitting, say

ROOT = os.path.dirname(os.path.dirname(HERE))


def arguments():
    parser = argparse.ArgumentParser(prog="bench/peers.sh", description=__doc__)
    parser.add_argument("--peers", default=",".join(DEFAULT),
                        help=f"of {', '.join(PEERS)} (default: all but the last)")
    parser.add_argument("--rounds", type=int, default=0, help="rounds (default 5; with --quick 2)")
    parser.add_argument("--seconds", type=float, default=0,
                        help="seconds a point (default: what the time allows, at most 5)")
    parser.add_argument("--minutes", type=float, default=24, help="time for all but installation (default 24)")
    parser.add_argument("--quick", action="store_true", help="a check of the harness: 2 rounds, 2 s a point")
    parser.add_argument("--mode", choices=("http", "in-process"), default="http", help="how our side is called")
    parser.add_argument("--name", default="", help="name of the result files (default: peers-DATE)")
    parser.add_argument("--keep", action="store_true", help="keep data and logs")
    parser.add_argument("--install", action="store_true", help="install the peers and stop")
    options = parser.parse_args()
    options.peers = [p for p in options.peers.split(",") if p]
    unknown = [p for p in options.peers if p not in PEERS]
    if unknown:
        parser.error(f"unknown peer: {', '.join(unknown)}")
    options.rounds = options.rounds or (2 if options.quick else 5)
    options.seconds = options.seconds or (2.0 if options.quick else 0.0)
    return options


def install(wanted):
    for peer in wanted:
        try:
            peer(None).install()
            print(f"{peer.name}: installed")
        except Absent as why:
            print(f"{peer.name}: absent: {why}")


def summarise(sitting, ours, kills, path):
    with open(path, encoding="utf-8") as file:
        runs = [line for line in map(json.loads, file) if line["kind"] == "run"]
    peers = {name: {key: getattr(peer, key) for key in ("version", "runtime", "client", "durability", "note")}
             for name, peer in sitting.started.items()}
    return {
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), "machine": sitting.machine, "mode": ours.mode,
        "postgres": sitting.postgres.settings if sitting.postgres else {}, "ruslo": ours.version,
        "rounds": sitting.rounds_done, "seconds": sitting.seconds, "peers": peers, "absent": sitting.absent,
        "order": sitting.options.peers, "runs": runs, "kills": {k: v for k, v in kills.items() if v},
        "own_absent": {f"{job} on {store}": why for (job, store), why in ours.absent.items()},
    }


def main():
    options = arguments()
    wanted = [PEERS[name] for name in options.peers]
    if options.install:
        return install(wanted)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    name = options.name or time.strftime("peers-%Y%m%d-%H%M%S", time.gmtime())
    folder = os.path.join(ROOT, "bench", "results")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, name + ".jsonl")
    with open(path, "w", encoding="utf-8") as results:
        sitting = Sitting(options, results)
        try:
            binary = os.path.join(ROOT, os.environ.get("CARGO_TARGET_DIR", "target"), "release", "ruslo")
            ours = Ours(sitting, os.environ.get("RUSLO_BIN", binary), options.mode)
            began = time.monotonic()
            sitting.start(wanted)
            deadline = sitting.began + options.minutes * 60
            say("  killing our server in mid-load: is everything that was acknowledged there? …")
            kills = {store: ours.kill_check(store) for store in STORES}
            sitting.choose_seconds(ours, deadline)
            say(f"  {options.rounds} rounds, {sitting.seconds:g} s a point, {len(sitting.peers)} peers; "
                f"ready after {time.monotonic() - sitting.began:.0f} s, "
                f"{sitting.own_overhead:.1f} s beside a run of ours")
            sitting.rounds(ours, deadline)
            summary = summarise(sitting, ours, kills, path)
            sitting.record(kind="sitting", **{k: v for k, v in summary.items() if k != "runs"})
        finally:
            sitting.stop()
    fragment = os.path.join(folder, name + ".md")
    with open(fragment, "w", encoding="utf-8") as file:
        file.write(report.markdown(summary))
    print(report.terminal(summary))
    print(f"\nraw: {os.path.relpath(path)}\nfragment for bench/RESULTS.md: {os.path.relpath(fragment)}"
          f"\ntook {(time.monotonic() - began) / 60:.1f} minutes")
    return None


if __name__ == "__main__":
    main()
