"""Tables: medians and ratios, with what each client costs and what each peer promises beside them.

Owns: the summary of the raw lines. Never: a ratio without its client and its durability in the same report.
"""
import statistics

from .ours import STORES
from .sitting import BLOCKS

STORE_NAMES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
OWN_COUNTERS = [
    ("commits_per_instance", "commits", 1), ("statements_per_instance", "statements", 1),
    ("written_bytes_per_instance", "KiB written", 1024), ("db_bytes_per_instance", "KiB of database", 1024),
]


def accepted(lines):
    """Of a block's attempts in a round: the first quiet one, else the last."""
    chosen = {}
    for line in lines:
        key = (line["round"], line["block"])
        best = chosen.get(key)
        if best is None or (best["noisy"] and line["attempt"] > best["attempt"]):
            chosen[key] = {"attempt": line["attempt"], "noisy": line["noisy"]}
    return [l for l in lines if chosen[l["round"], l["block"]]["attempt"] == l["attempt"]]


def number(x):
    return f"{x:,.0f}" if x >= 100 else f"{x:.1f}"


def spread(values, form=number):
    if not values:
        return "–"
    if len(values) == 1:
        return form(values[0])
    return f"{form(statistics.median(values))} [{form(min(values))}..{form(max(values))}]"


def median(lines, *path):
    values = []
    for line in lines:
        for step in path:
            line = line.get(step) if isinstance(line, dict) else None
        if line is not None:
            values.append(line)
    return statistics.median(values) if values else None


def ratios(runs, mine, store):
    """Ours over theirs, round by round: the mean of our two runs by the peer's run between them."""
    found = []
    for run in mine:
        own = [l["per_second"] for l in runs if l["engine"] == "ruslo" and l["store"] == store
               and (l["round"], l["block"]) == (run["round"], run["block"])]
        if own and run["per_second"] > 0:
            found.append(statistics.mean(own) / run["per_second"])
    return found


def latency(lines):
    return "/".join("–" if x is None else f"{x:.2f}" if x < 10 else f"{x:.0f}"
                    for x in (median(lines, "p50_ms"), median(lines, "p99_ms")))


def counters(lines):
    said = []
    peer, postgres = median(lines, "cpu_us", "peer"), median(lines, "cpu_us", "postgres")
    if peer is not None:
        said.append(f"CPU {number(peer)}" + (f" + {number(postgres)} PostgreSQL" if postgres is not None else "")
                    + " µs")
    wal, commits = median(lines, "database", "wal_bytes"), median(lines, "database", "commits")
    if wal is not None:
        said.append("PostgreSQL: " + (f"{commits:.2f} commits, " if commits is not None else "")
                    + f"{median(lines, 'database', 'syncs'):.2f} syncs, {wal / 1024:.1f} KiB log")
    written = median(lines, "written_bytes")
    if written is not None:
        said.append(f"{written / 1024:.1f} KiB written")
    for key, name, unit in OWN_COUNTERS:
        own = median(lines, key)
        if own:
            said.append(f"{own / unit:,.3g} {name}")
    failed, all_ok = sum(l["errors"] for l in lines), sum(l["ok"] for l in lines)
    if failed:
        said.append(f"**{failed} errors beside {all_ok} done**")
    return "; ".join(said)


def own_rows(runs, block):
    rows = []
    for store in STORES:
        mine = [l for l in runs if l["engine"] == "ruslo" and l["store"] == store]
        if not mine:
            continue
        envelope = [l["per_second"] for l in runs if l["engine"] == "envelope" and l["store"] == store]
        rates = [l["per_second"] for l in mine]
        share = f"{statistics.median(rates) / statistics.median(envelope):.0%} of the envelope" if envelope else ""
        what = "; ".join(x for x in (counters(mine), share) if x)
        rows.append([f"**Ruslo**, {STORE_NAMES[store]}", block[0], spread(rates), latency(mine),
                     *("1" if s == store else "" for s in STORES), what])
    return rows


def peer_rows(runs, peers):
    rows = []
    for peer in peers:
        for variant in dict.fromkeys(l["job"] for l in runs if l["engine"] == peer):
            mine = [l for l in runs if l["engine"] == peer and l["job"] == variant]
            like = "postgres" if mine[0]["store"] == "postgres" else "sqlite"
            cells = []
            for store in STORES:
                text = spread(ratios(runs, mine, store), lambda x: f"{x:.1f}" if x < 100 else f"{x:.0f}")
                cells.append(f"**{text}**" if store == like and text != "–" else text)
            rows.append([peer, variant, spread([l["per_second"] for l in mine]), latency(mine), *cells,
                         counters(mine)])
    return rows


def table(head, rows):
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
                     + ["| " + " | ".join(row) + " |" for row in rows])


def plain(head, rows):
    """The same table for a terminal."""
    rows = [[cell.replace("**", "") for cell in row] for row in [head, *rows]]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    return "\n".join("  " + "  ".join(cell.ljust(w) for cell, w in zip(row, widths)).rstrip() for row in rows)


HEAD = ["engine", "job", "instances/s", "p50/p99 ms", "Ruslo SQLite ÷ it", "Ruslo PostgreSQL ÷ it", "per instance"]


def sections(summary):
    """Title and rows of the four blocks."""
    runs = accepted(summary["runs"])
    for job, clients in BLOCKS:
        block = f"{job}{clients}"
        mine = [l for l in runs if l["block"] == block]
        noisy = sorted({l["round"] for l in mine if l["noisy"]})
        title = f"{job}, {clients} client{'s' if clients > 1 else ''}"
        if noisy:
            title += f" (noisy rounds: {', '.join(map(str, noisy))})"
        yield title, own_rows(mine, block) + peer_rows(mine, summary["order"])


def point_lengths(summary):
    lengths = {run.get("point", summary["seconds"]) for run in summary["runs"]} or {summary["seconds"]}
    return " to ".join(f"{seconds:g}" for seconds in sorted({min(lengths), max(lengths)}))


def machine_lines(summary):
    m, pg = summary["machine"], summary["postgres"]
    yield (f"{m['cpu']}, {m['cores']} cores shared by server, database and load, {m['memory_gib']} GiB, "
           f"{m['system']}, Linux {m['kernel']}, {m['filesystem']}; "
           f"{m['fdatasync_per_second']:,} appends of 4 KiB with fdatasync a second; "
           f"cores busy before: {m['busy_before']:.0%}")
    client = "over HTTP by its own load generator" if summary["mode"] == "http" else "in its own process, no network"
    yield (f"{summary['ruslo']}, called {client}; SQLite: WAL, synchronous=FULL; "
           f"{summary['rounds']} rounds, {point_lengths(summary)} s a point")
    if pg:
        yield "PostgreSQL: " + ", ".join(f"{key} {value}" for key, value in pg.items())
    for store, kill in summary["kills"].items():
        void = "" if kill["lost"] == kill["doubled"] == 0 else "**These figures are void.** "
        yield (f"{void}Ruslo on {STORE_NAMES[store]}, killed in mid-load before the rounds: {kill['acknowledged']:,} "
               f"acknowledged, {kill['lost']} lost, {kill['doubled']} doubled, back after {kill['restart_ms']:.0f} ms")
    if m["busy_before"] > 0.15:
        yield "**The machine was not quiet: these figures are a smoke test.**"


READING = """\
Figures are medians over the rounds with [least..most]; a ratio is taken within a round (mean of our two runs by the
peer's run between them) and then its median is taken. The ratio for the like storage is bold. Each of our runs has a
fresh database; what a peer's client costs stands in the second table. A: a checkpoint at each step; A0: the same logic
in one transaction, which is what Ruslo does in A, so compare A0 first; B: an external job is taken and completed by a
worker; memory: nothing is stored. CPU counts all processes of a peer, with its clients where they share a process with
it; ours is the server's alone over HTTP, else that of the whole command."""


def peer_table(summary):
    rows = [[name, p["version"] + (f", {p['runtime']}" if p["runtime"] else ""), p["client"], p["durability"],
             p["note"]] for name, p in summary["peers"].items()]
    rows += [[name, "absent", why, "", ""] for name, why in summary["absent"].items()]
    return ["peer", "version", "client", "durability", "settings"], rows


def markdown(summary):
    parts = [f"## Peers, {summary['date']}", "\n".join(f"- {line}" for line in machine_lines(summary)), READING]
    for title, rows in sections(summary):
        parts.append(f"### {title}\n\n{table(HEAD, rows) if rows else 'nothing was measured'}")
    parts.append("### Who took part, and how\n\n" + table(*peer_table(summary)))
    missing = [f"- {what}: absent: {why}" for what, why in summary["own_absent"].items()]
    if missing:
        parts.append("### What was absent on our side\n\n" + "\n".join(missing))
    return "\n\n".join(parts) + "\n"


def terminal(summary):
    parts = [line.replace("**", "") for line in machine_lines(summary)]
    for title, rows in sections(summary):
        parts.append(f"\n{title}\n{plain(HEAD, rows) if rows else '  nothing was measured'}")
    parts.append("\nWho took part, and how\n" + plain(*peer_table(summary)))
    parts += [f"  Ruslo, {what}: absent: {why}" for what, why in summary["own_absent"].items()]
    return "\n".join(parts)
