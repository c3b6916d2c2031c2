"""One PostgreSQL server of the system's package for all who need one, in a folder of its own.

Owns: initdb, start, databases, settings read back, counters. Runs as a plain user, as PostgreSQL insists.
"""
import glob
import os
import pwd
import re
import shutil
import signal
import subprocess

from .machine import Absent, Child, free_ports, wait_for_port

SETTINGS = {
    "listen_addresses": "'127.0.0.1'", "shared_buffers": "1GB", "max_wal_size": "8GB", "checkpoint_timeout": "15min",
    "max_connections": "400",
}
SHOWN = ["server_version", "shared_buffers", "synchronous_commit", "fsync", "full_page_writes", "wal_sync_method",
         "max_wal_size", "checkpoint_timeout", "autovacuum"]


def binaries():
    found = glob.glob("/usr/lib/postgresql/*/bin/initdb")
    found.sort(key=lambda path: [int(n) for n in re.findall(r"\d+", path)])
    path = found[-1] if found else shutil.which("initdb")
    if not path:
        raise Absent("no PostgreSQL server on this machine (Debian's package: postgresql)")
    return os.path.dirname(os.path.realpath(path))


def plain_user():
    """Whom the server runs as: us, or when we are root an account without rights."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise Absent("PostgreSQL refuses to run as root and there is no other account")


class Postgres:
    def __init__(self, folder, log):
        bin_folder, user = binaries(), plain_user()
        self.sockets, self.port, self.psql_path = folder, free_ports(1)[0], shutil.which("psql")
        data = os.path.join(folder, "data")
        os.makedirs(folder, exist_ok=True)
        if user:
            shutil.chown(folder, user, pwd.getpwnam(user).pw_gid)
        made = subprocess.run(
            [f"{bin_folder}/initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-locale"],
            user=user, cwd="/", capture_output=True, text=True, check=False)
        if made.returncode:
            raise Absent("initdb: " + made.stderr.strip().splitlines()[-1])
        with open(os.path.join(data, "postgresql.conf"), "a", encoding="utf-8") as conf:
            conf.writelines(f"{key} = {value}\n" for key, value in SETTINGS.items())
            conf.write(f"port = {self.port}\nunix_socket_directories = '{folder}'\n")
        self.child = Child("postgres", [f"{bin_folder}/postgres", "-D", data], log, cwd="/", user=user)
        wait_for_port(self.port, self.child)
        self.settings = {name: self.ask("postgres", f"SHOW {name}") for name in SHOWN}

    def ask(self, database, sql):
        done = subprocess.run(
            [self.psql_path, "-X", "-q", "-A", "-t", "-h", self.sockets, "-p", str(self.port), "-U", "postgres",
             "-d", database, "-c", sql], capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            raise Absent("psql: " + done.stderr.strip())
        return done.stdout.strip()

    def fresh(self, database):
        self.ask("postgres", f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
        self.ask("postgres", f"CREATE DATABASE {database}")
        return self.url(database)

    def url(self, database):
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def jdbc(self, database):
        return f"jdbc:postgresql://127.0.0.1:{self.port}/{database}?user=postgres"

    def checkpoint(self):
        """Before each measurement, so that nobody pays for another's dirty pages."""
        self.ask("postgres", "CHECKPOINT")

    def counters(self):
        row = self.ask("postgres", "SELECT (SELECT sum(xact_commit) FROM pg_stat_database), wal_sync, wal_bytes"
                                   " FROM pg_stat_wal").split("|")
        return {"commits": int(row[0]), "syncs": int(row[1]), "wal_bytes": int(row[2])}

    def stop(self):
        self.child.stop(signal.SIGINT)
