"""The peers: how each is started, what it promises, what its client costs, and one measurement.

Owns: one class a peer; `PEERS` is the order of the tables. Never: installs (that is `prepare`) or compares.
"""
import os
import time

from . import prepare
from .machine import Child, free_ports, wait_for_port

BODY = '{"amount":{a},"customer":"c{i}","note":"' + "x" * 200 + '"}'


class Peer:
    """A peer in three states: installed, running, frozen. Frozen peers take no CPU from the one that is measured."""

    name = version = client = durability = note = ""
    on_postgres = False
    jobs = {"A": ("A", "A0"), "B": ("B",)}
    max_clients = 64
    warm_seconds, warm_cycles = 3.0, 1

    def __init__(self, sitting):
        self.sitting, self.children, self.driver, self.runtime = sitting, [], None, ""

    def install(self):
        """May raise Absent."""

    def start(self):
        """May raise Absent."""

    def spawn(self, command, **options):
        name = os.path.basename(command[0]) if len(self.children) else self.name
        child = Child(name, command, os.path.join(self.sitting.logs, f"{self.name}.log"), **options)
        self.children.append(child)
        return child

    def drive(self, command, **options):
        """Starts the program that answers our requests and waits until it is ready."""
        self.driver = self.spawn(command, lines=True, **options)
        self.runtime = self.driver.next_answer(120)["runtime"]

    def run(self, job, clients, seconds):
        return self.driver.ask(f"{job} {clients} {seconds}", seconds + 60)

    def measure(self, job, clients, seconds):
        """One run with the counters beside it."""
        postgres = self.sitting.postgres if self.on_postgres else None
        if postgres:
            postgres.checkpoint()
        watched = self.children + ([postgres.child] if postgres else [])
        cpu = [c.cpu_seconds() for c in watched]
        written = sum(c.written_bytes() for c in self.children)
        before = postgres.counters() if postgres else {}
        result = self.run(job, clients, seconds)
        per = max(result["ok"], 1)
        used = [c.cpu_seconds() - was for c, was in zip(watched, cpu)]
        result["cpu_us"] = {"peer": round(sum(used[:len(self.children)]) * 1e6 / per)}
        if postgres:
            result["cpu_us"]["postgres"] = round(used[-1] * 1e6 / per)
            after = postgres.counters()
            result["database"] = {key: round((after[key] - before[key]) / per, 2) for key in after}
        else:
            result["written_bytes"] = round((sum(c.written_bytes() for c in self.children) - written) / per)
        return result

    def warm_up(self, limit):
        """Load, then rest: under full load a just-in-time compiler hardly gets a core, and would take one later."""
        for _ in range(self.warm_cycles):
            for job in dict.fromkeys(j for jobs in self.jobs.values() for j in jobs):
                self.run(job, self.max_clients, min(self.warm_seconds, limit) / self.warm_cycles)
            self.rest()

    def rest(self, seconds=8):
        """Until it uses less than an eighth of a core."""
        for _ in range(seconds):
            before = sum(c.cpu_seconds() for c in self.children)
            time.sleep(1)
            if sum(c.cpu_seconds() for c in self.children) - before < 0.125:
                break

    def freeze(self):
        for child in self.children:
            child.freeze()

    def thaw(self):
        for child in self.children:
            child.thaw()

    def stop(self):
        for child in reversed(self.children):
            child.stop()


class Restate(Peer):
    name, version = "restate", "1.7.12, SDK 1.17.2"
    client = "HTTP from our load generator; its service (Node) is called by the server over HTTP/2"
    durability = "own log, fsync of its WAL before the answer (default)"
    partitions, note = 2, "2 partitions (best found on 2 cores)"

    def install(self):
        self.folder = prepare.node()
        self.generator = prepare.load_generator()

    def start(self):
        ingress, admin, fabric, service = free_ports(4)
        data = os.path.join(self.sitting.data, self.name)
        self.ingress = f"127.0.0.1:{ingress}"
        server = self.spawn(
            [f"{self.folder}/node_modules/@restatedev/restate-server-linux-x64/bin/restate-server"],
            env={"RESTATE_BASE_DIR": data, "RESTATE_INGRESS__BIND_ADDRESS": self.ingress,
                 "RESTATE_ADMIN__BIND_ADDRESS": f"127.0.0.1:{admin}", "RESTATE_LISTEN_MODE": "tcp",
                 "RESTATE_BIND_ADDRESS": f"127.0.0.1:{fabric}", "RESTATE_LOG_FILTER": "warn",
                 "RESTATE_DEFAULT_NUM_PARTITIONS": str(self.partitions), "RESTATE_DISABLE_TELEMETRY": "true",
                 "DO_NOT_TRACK": "1"})
        jobs = self.spawn(
            [prepare.node_binary(self.folder), "restate.mjs"], cwd=self.folder,
            env={"PORT": str(service), "INGRESS": f"http://{self.ingress}", "NODE_ENV": "production",
                 "RESTATE_LOGGING": "ERROR"})
        wait_for_port(service, jobs)
        for port in (admin, ingress):
            wait_for_port(port, server)
        self.sitting.post(f"http://127.0.0.1:{admin}/deployments",
                          {"uri": f"http://127.0.0.1:{service}", "force": True})
        self.runtime = "Node 24.21.0"
        self.sitting.post(f"http://{self.ingress}/Jobs/A0", {"amount": 1})

    def run(self, job, clients, seconds):
        return self.sitting.generate(self.generator, self.ingress, f"/Jobs/{job}", clients, seconds, BODY)


class RestateDefault(Restate):
    name, partitions, note = "restate-default", 24, "24 partitions (as shipped)"


class Dbos(Peer):
    name, version = "dbos", "5.3.0 (TypeScript)"
    client = "in the same process, no network"
    on_postgres = True

    def install(self):
        self.folder = prepare.node()

    def start(self):
        url = self.sitting.database("dbos").fresh("dbos")
        self.drive([prepare.node_binary(self.folder), "--no-deprecation", "dbos.mjs", url], cwd=self.folder)


class Embedded(Peer):
    """Camunda 7 and Flowable: the engine in our program's process."""

    client = "in the same process, no network"
    on_postgres = True
    warm_seconds, warm_cycles = 6.0, 3

    def install(self):
        self.home, self.class_path = prepare.embedded(self.name)

    def start(self):
        database = self.sitting.database(self.name)
        database.fresh(self.name)
        self.drive([f"{self.home}/bin/java", "-Xms512m", "-Xmx1g", "-cp", self.class_path, "Main",
                    database.jdbc(self.name)])


class Camunda7(Embedded):
    name, version = "camunda7", "7.24.0"
    note = "history level audit, 32 connections, 16 job threads; A: asyncBefore at each step"


class Flowable(Embedded):
    name, version = "flowable", "8.0.0"
    note = "history level audit, 100 connections, default job executor; A: async at each step"


class Temporal(Peer):
    name, version = "temporal", f"{prepare.TEMPORAL[1:]}, SDK for Go 1.50.0"
    client = "gRPC; clients and worker in one Go process beside the server"
    on_postgres = True
    note = "4 shards, all services in one process, visibility in the same PostgreSQL; A: three activities"

    def install(self):
        self.server, self.program = prepare.temporal()

    def config(self, postgres, ports):
        store = (f"pluginName: postgres12, connectAddr: '127.0.0.1:{postgres.port}', connectProtocol: tcp, "
                 "user: postgres, password: '', maxConnLifetime: 1h")
        services = "\n".join(
            f"  {name}: {{rpc: {{grpcPort: {ports[2 * i]}, membershipPort: {ports[2 * i + 1]}, bindOnIP: 127.0.0.1}}}}"
            for i, name in enumerate(("frontend", "history", "matching", "worker")))
        return f"""log: {{stdout: true, level: error}}
persistence:
  defaultStore: main
  visibilityStore: visibility
  numHistoryShards: 4
  datastores:
    main: {{sql: {{{store}, databaseName: temporal, maxConns: 40, maxIdleConns: 40}}}}
    visibility: {{sql: {{{store}, databaseName: temporal_visibility, maxConns: 10, maxIdleConns: 10}}}}
global: {{membership: {{maxJoinDuration: 30s, broadcastAddress: 127.0.0.1}}}}
services:
{services}
clusterMetadata:
  enableGlobalNamespace: false
  failoverVersionIncrement: 10
  masterClusterName: active
  currentClusterName: active
  clusterInformation:
    active: {{enabled: true, initialFailoverVersion: 1, rpcName: frontend, rpcAddress: '127.0.0.1:{ports[0]}'}}
dcRedirectionPolicy: {{policy: noop}}
publicClient: {{hostPort: '127.0.0.1:{ports[0]}'}}
"""

    def start(self):
        postgres, ports = self.sitting.database("temporal"), free_ports(8)
        for schema, database in (("temporal", "temporal"), ("visibility", "temporal_visibility")):
            postgres.fresh(database)
            tool = [f"{self.server}/sql", "--plugin", "postgres12", "--ep", "127.0.0.1", "-p", str(postgres.port),
                    "-u", "postgres", "--db", database]
            self.sitting.call([*tool, "setup-schema", "-v", "0.0"])
            self.sitting.call([*tool, "update-schema", "--schema-name", f"postgresql/v12/{schema}"])
        path = os.path.join(self.sitting.data, "temporal.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.config(postgres, ports))
        server = self.spawn([f"{self.server}/server", "--config-file", path, "--allow-no-auth", "start"])
        wait_for_port(ports[0], server)
        self.drive([self.program, f"127.0.0.1:{ports[0]}"])


class Zeebe(Peer):
    name, version = "zeebe", prepare.ZEEBE + " (broker of Camunda 8)"
    client = "gRPC, official Java client; clients and worker (job streaming) in one process beside the broker"
    durability = "own Raft log, flushed before the answer (default); one broker, replication factor 1"
    jobs = {"A": ("A",), "B": ("B",)}
    partitions, warm_seconds, warm_cycles = 2, 6.0, 3
    note = "2 partitions, no exporter, backpressure off"

    def install(self):
        self.home, self.folder = prepare.zeebe()

    def start(self):
        gateway, command, internal, rest, management = free_ports(5)
        self.spawn([f"{self.folder}/bin/broker"], cwd=self.folder, env={
            "JAVA_HOME": self.home, "JAVA_OPTS": "-Xms1g -Xmx1g",
            "ZEEBE_BROKER_DATA_DIRECTORY": os.path.join(self.sitting.data, "zeebe"),
            "ZEEBE_BROKER_NETWORK_HOST": "127.0.0.1", "ZEEBE_BROKER_NETWORK_COMMANDAPI_PORT": str(command),
            "ZEEBE_BROKER_NETWORK_INTERNALAPI_PORT": str(internal), "ZEEBE_BROKER_GATEWAY_NETWORK_HOST": "127.0.0.1",
            "ZEEBE_BROKER_GATEWAY_NETWORK_PORT": str(gateway), "ZEEBE_BROKER_BACKPRESSURE_ENABLED": "false",
            "ZEEBE_BROKER_CLUSTER_PARTITIONSCOUNT": str(self.partitions), "SERVER_PORT": str(rest),
            "SERVER_ADDRESS": "127.0.0.1", "MANAGEMENT_SERVER_PORT": str(management),
            "MANAGEMENT_SERVER_ADDRESS": "127.0.0.1"})
        wait_for_port(gateway, self.children[0])
        self.drive([f"{self.home}/bin/java", "-Xmx512m", "-cp", f"{self.folder}/classes:{self.folder}/lib/*", "Main",
                    f"127.0.0.1:{gateway}"])


class Spiff(Peer):
    name, version = "spiff", "3.2.0"
    client = "a library in the same thread, no network"
    durability = "memory: none; A0 and B: JSON state in SQLite, WAL, synchronous=FULL"
    jobs = {"A": ("A0", "memory"), "B": ("B",)}
    max_clients, warm_seconds = 1, 0.5
    note = "one thread; B: the caller itself completes the task"

    def install(self):
        self.folder = prepare.spiff()

    def start(self):
        data = os.path.join(self.sitting.data, "spiff")
        os.makedirs(data)
        self.drive([f"{self.folder}/venv/bin/python", prepare.source("spiff", "peer.py"), data])


PEERS = {peer.name: peer for peer in (Restate, Dbos, Camunda7, Flowable, Temporal, Zeebe, Spiff, RestateDefault)}
DEFAULT = [name for name in PEERS if name != "restate-default"]
