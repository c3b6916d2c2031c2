// Network namespaces: every server in one of its own, with a way to its clients and another way to the database.
import { execFileSync } from "node:child_process";

const quiet = { stdio: ["ignore", "ignore", "pipe"] };
const ip = (...args) => execFileSync("ip", args, quiet);

/** Whether this machine lets us make namespaces and links. */
export function permitted() {
  try {
    ip("netns", "add", "ruslo-probe");
    ip("link", "add", "ruslo-p0", "type", "veth", "peer", "name", "ruslo-p1");
    return true;
  } catch {
    return false;
  } finally {
    for (const args of [["link", "del", "ruslo-p0"], ["netns", "del", "ruslo-probe"]]) {
      try {
        ip(...args);
      } catch {
        // It was not made.
      }
    }
  }
}

/** Whether this machine lets us mount a small disk. */
export function mounts() {
  try {
    execFileSync("unshare", ["-m", "true"], quiet);
    return process.getuid() === 0;
  } catch {
    return false;
  }
}

export class Network {
  constructor(count) {
    this.names = [];
    this.hosts = Array.from({ length: count }, (_, at) => this.host(at));
    /** Where the database listens. */
    this.database = this.hosts.map((host) => host.database);
  }

  /** A namespace with two links: 10.77.N.0/24 to the database, 10.78.N.0/24 to everybody else. */
  host(at) {
    const name = `ruslo-${process.pid}-${at}`;
    ip("netns", "add", name);
    this.names.push(name);
    for (const [kind, net] of [["d", 77], ["c", 78]]) {
      const [outer, inner] = [`rf${kind}${at}o`, `rf${kind}${at}i`];
      ip("link", "add", outer, "type", "veth", "peer", "name", inner, "netns", name);
      ip("addr", "add", `10.${net}.${at}.1/24`, "dev", outer);
      ip("link", "set", outer, "up");
      ip("-n", name, "addr", "add", `10.${net}.${at}.2/24`, "dev", inner);
      ip("-n", name, "link", "set", inner, "up");
    }
    ip("-n", name, "link", "set", "lo", "up");
    ip("-n", name, "route", "add", "10.78.0.0/16", "via", `10.78.${at}.1`);
    execFileSync("sysctl", ["-q", "-w", "net.ipv4.ip_forward=1"], quiet);
    return { client: `10.78.${at}.2`, database: `10.77.${at}.1`, inside: ["ip", "netns", "exec", name] };
  }

  cut(at) {
    ip("link", "set", `rfd${at}o`, "down");
  }

  mend(at) {
    ip("link", "set", `rfd${at}o`, "up");
    ip("addr", "replace", `10.77.${at}.1/24`, "dev", `rfd${at}o`);
  }

  end() {
    for (const name of this.names) ip("netns", "del", name);
  }
}
