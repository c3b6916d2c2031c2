"""The SpiffWorkflow peer: a library in one thread. Argument: a folder for the SQLite file of the durable jobs.

memory  the straight-through job, nothing is stored (not durable)
A0      the same, then the instance's JSON state in one SQLite commit (WAL, synchronous=FULL)
B       start, wait for a job, state committed; read back, job completed, state committed again

A request is one line "JOB CLIENTS SECONDS", an answer one JSON object. There is one client: the library has no more.
"""
import itertools
import json
import os
import sqlite3
import sys
import time

from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.util.task import TaskState

NUMBERS = itertools.count()

parser = BpmnParser()
parser.add_bpmn_file(os.path.join(os.path.dirname(os.path.abspath(__file__)), "straight.bpmn"))
STRAIGHT, SERVICE = parser.get_spec("straight"), parser.get_spec("service")
serializer = BpmnWorkflowSerializer()
db = sqlite3.connect(os.path.join(sys.argv[1], "spiff.db"), isolation_level=None)
db.executescript(
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE instance(id INTEGER PRIMARY KEY, state TEXT);"
)


def start(spec):
    workflow = BpmnWorkflow(spec)
    n = next(NUMBERS)
    workflow.get_tasks(state=TaskState.READY)[0].data.update(amount=n % 100, customer=f"c{n}", note="x" * 200)
    return workflow


def memory():
    workflow = start(STRAIGHT)
    workflow.run_all()
    assert workflow.completed
    return workflow


def straight():
    db.execute("INSERT INTO instance(state) VALUES(?)", (serializer.serialize_json(memory()),))


def service():
    workflow = start(SERVICE)
    workflow.do_engine_steps()
    row = db.execute("INSERT INTO instance(state) VALUES(?)", (serializer.serialize_json(workflow),)).lastrowid
    (state,) = db.execute("SELECT state FROM instance WHERE id = ?", (row,)).fetchone()
    workflow = serializer.deserialize_json(state)
    workflow.get_tasks(state=TaskState.READY, manual=True)[0].run()
    workflow.do_engine_steps()
    assert workflow.completed
    db.execute("UPDATE instance SET state = ? WHERE id = ?", (serializer.serialize_json(workflow), row))


def measure(name, seconds):
    job, times = JOBS[name], []
    began = now = time.perf_counter()
    while now < began + seconds:
        job()
        end = time.perf_counter()
        times.append(end - now)
        now = end
    times.sort()
    return {
        "job": name, "clients": 1, "ok": len(times), "errors": 0, "seconds": now - began,
        "per_second": len(times) / (now - began), "p50_ms": times[(len(times) - 1) // 2] * 1000,
        "p99_ms": times[(len(times) - 1) * 99 // 100] * 1000, "first_error": "",
    }


JOBS = {"memory": memory, "A0": straight, "B": service}
print(json.dumps({"ready": True, "runtime": "Python " + sys.version.split()[0]}), flush=True)
for line in sys.stdin:
    name, _, seconds = line.split()
    print(json.dumps(measure(name, float(seconds))), flush=True)
