#!/usr/bin/env python3
"""An app of a process designer, in one file and with nothing but the standard library.

It registers the activity `md5` and serves its handler: the server posts the text of a process step here, the app
answers with the text's MD5 sum. See README.md.

    python3 md5_app.py serve      # the handler, on LISTEN (default 127.0.0.1:9901)
    python3 md5_app.py register   # bizproc.activity.add
    python3 md5_app.py delete     # bizproc.activity.delete
    python3 md5_app.py list       # bizproc.activity.list
"""

import hashlib
import json
import os
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LISTEN = os.environ.get("LISTEN", "127.0.0.1:9901")
HANDLER_URL = os.environ.get("HANDLER_URL", "http://%s/handler" % LISTEN)
PORTAL = os.environ.get("PORTAL", "http://127.0.0.1:8080").rstrip("/")
ACCESS_TOKEN = os.environ.get("ACCESS_TOKEN", "")
# What the handler does with a call: immediate, delay, hold, fail500, hang, redirect, flood.
MODE = os.environ.get("HANDLER_MODE", "immediate")
DELAY_S = float(os.environ.get("HANDLER_DELAY_S", "2"))
HOLD_FILE = os.environ.get("HOLD_FILE", "held-requests.jsonl")
LOG_LINE = os.environ.get("LOG_LINE", "")
FLOOD_BYTES = 100 * 1000 * 1000

ACTIVITY = {
    "CODE": "md5",
    "HANDLER": HANDLER_URL,
    "AUTH_USER_ID": int(os.environ.get("AUTH_USER_ID", "1")),
    "USE_SUBSCRIPTION": "Y",
    "NAME": {"ru": "MD5 генератор", "en": "MD5 generator"},
    "DESCRIPTION": {
        "ru": "Активити возвращает MD5-хеш от параметра",
        "en": "The activity returns the MD5 hash of its parameter",
    },
    "PROPERTIES": {
        "inputString": {
            "Name": {"ru": "Входная строка", "en": "Input string"},
            "Description": {
                "ru": "Введите строку, которую вы хотите хешировать",
                "en": "Enter the string that you want to hash",
            },
            "Type": "string",
            "Required": "Y",
            "Multiple": "N",
            "Default": "{=Document:NAME}",
        }
    },
    "RETURN_PROPERTIES": {
        "outputString": {
            "Name": {"ru": "MD5", "en": "MD5"},
            "Type": "string",
            "Multiple": "N",
            "Default": None,
        }
    },
}

held = []
held_lock = threading.Lock()
stopping = threading.Event()


def call(base, method, params, token):
    """Calls a REST method with a form body and gives its decoded answer; errors come back the same way."""
    flat = list(flatten(dict(params, auth=token)))
    body = urllib.parse.urlencode(flat).encode()
    request = urllib.request.Request("%s/rest/%s.json" % (base, method), data=body)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return json.load(error)


def flatten(params, prefix=""):
    """Nested maps and lists as PHP-style form fields: a[b][0]=x."""
    items = params.items() if isinstance(params, dict) else enumerate(params)
    for key, value in items:
        name = "%s[%s]" % (prefix, key) if prefix else str(key)
        if isinstance(value, (dict, list)):
            yield from flatten(value, name)
        else:
            yield name, "" if value is None else value


def answer_step(fields):
    """Sends the step's result back. Runs apart from the handler's own HTTP answer."""
    base = "http://" + fields["auth[domain]"]
    token = fields["auth[access_token]"]
    event_token = fields["event_token"]
    if LOG_LINE:
        show("log", call(base, "bizproc.activity.log", {"event_token": event_token, "log_message": LOG_LINE}, token))
    digest = hashlib.md5(fields.get("properties[inputString]", "").encode()).hexdigest()
    result = call(
        base,
        "bizproc.event.send",
        {
            "event_token": event_token,
            "return_values": {"outputString": digest},
            "log_message": "MD5 is " + digest,
        },
        token,
    )
    show("answered", {"workflow_id": fields["workflow_id"], "md5": digest, "result": result})
    return result


def show(what, data):
    print(json.dumps({"what": what, **(data if isinstance(data, dict) else {"data": data})}), flush=True)


class Handler(BaseHTTPRequestHandler):
    """POST /handler takes calls; GET /release answers the held ones; GET /healthz says that the app is up."""

    def log_message(self, *args):
        pass

    def reply(self, status, text, headers=()):
        body = text.encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path.startswith("/release"):
            with held_lock:
                waiting, held[:] = held[:], []
            self.reply(200, json.dumps([answer_step(fields) for fields in waiting]))
        elif self.path == "/healthz":
            self.reply(200, "ok")
        else:
            self.reply(404, "not found")

    def do_POST(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode()
        fields = dict(urllib.parse.parse_qsl(body, keep_blank_values=True))
        show("called", {"mode": MODE, "workflow_id": fields.get("workflow_id"), "code": fields.get("code")})
        getattr(self, "mode_" + MODE)(fields)

    def mode_immediate(self, fields):
        # The answer goes out before this request is answered, as the simplest handlers do it.
        answer_step(fields)
        self.reply(200, "ok")

    def mode_delay(self, fields):
        self.reply(200, "later")
        threading.Timer(DELAY_S, answer_step, [fields]).start()

    def mode_hold(self, fields):
        with held_lock:
            held.append(fields)
            with open(HOLD_FILE, "a", encoding="utf-8") as out:
                out.write(json.dumps(fields, ensure_ascii=False) + "\n")
        self.reply(200, "held")

    def mode_fail500(self, fields):
        self.reply(500, "broken on purpose")

    def mode_hang(self, fields):
        stopping.wait(3600)

    def mode_redirect(self, fields):
        self.reply(302, "moved", [("Location", HANDLER_URL + "/elsewhere")])

    def mode_flood(self, fields):
        self.send_response(200)
        self.send_header("Content-Length", str(FLOOD_BYTES))
        self.end_headers()
        chunk = b"x" * 65536
        try:
            for _ in range(FLOOD_BYTES // len(chunk)):
                self.wfile.write(chunk)
        except OSError:
            show("cut", {"reason": "the caller stopped reading"})


def serve():
    if not hasattr(Handler, "mode_" + MODE):
        sys.exit("unknown HANDLER_MODE %r" % MODE)
    if MODE == "hold" and os.path.exists(HOLD_FILE):
        # A restarted app still knows what it owes.
        with open(HOLD_FILE, encoding="utf-8") as kept:
            held.extend(json.loads(line) for line in kept if line.strip())
        os.replace(HOLD_FILE, HOLD_FILE + ".old")
    host, port = LISTEN.rsplit(":", 1)
    server = ThreadingHTTPServer((host, int(port)), Handler)
    server.daemon_threads = True
    show("listening", {"address": LISTEN, "handler": HANDLER_URL, "mode": MODE})
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        stopping.set()


def main():
    command = sys.argv[1] if len(sys.argv) > 1 else "serve"
    if command == "serve":
        return serve()
    if not ACCESS_TOKEN:
        sys.exit("set ACCESS_TOKEN: an access token of the app, given when the app is created")
    if command == "register":
        result = call(PORTAL, "bizproc.activity.add", ACTIVITY, ACCESS_TOKEN)
    elif command == "delete":
        result = call(PORTAL, "bizproc.activity.delete", {"CODE": "md5"}, ACCESS_TOKEN)
    elif command == "list":
        result = call(PORTAL, "bizproc.activity.list", {}, ACCESS_TOKEN)
    else:
        sys.exit(__doc__)
    print(json.dumps(result, ensure_ascii=False))
    return 1 if "error" in result else 0


if __name__ == "__main__":
    sys.exit(main())
