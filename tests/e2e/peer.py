#!/usr/bin/python3 -B
"""Readers of LookupEvents as others write them, behind our program's command line.

They show that the suites can fail, and by how much. $PEER says which:
  newest        (default) the cursor is the newest event's time, without ids
  overlap       an overlap of an hour, ids, a commit after each batch
  commit-first  the same, but each batch is committed before it is written
"""

import hashlib
import json
import os
import re
import sqlite3
import ssl
import sys
import time
import urllib.error
import urllib.request
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from pathlib import Path

TARGET = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents"
OVERLAP_S = 3600
BATCH = 1000
TRIES = 5


class Peer:
    def __init__(self, config: str, mode: str) -> None:
        self.settings = dict(re.findall(r"(\w+): \"?([^\s,}\"]+)", config))
        self.mode = mode
        self.sink = Path(re.findall(r"path: (\S+ndjson)", config)[0])
        self.state = sqlite3.connect(re.findall(r"path: (\S+\.db)", config)[0])
        self.state.execute("PRAGMA journal_mode=WAL")
        self.state.execute("PRAGMA synchronous=FULL")
        self.state.execute("CREATE TABLE IF NOT EXISTS id (id TEXT PRIMARY KEY, t INTEGER)")
        self.state.execute("CREATE TABLE IF NOT EXISTS mark (t INTEGER)")
        self.offset = 0.0
        self.tls = urllib.request.HTTPSHandler(
            context=ssl.create_default_context(cafile=self.settings["ca_file"]))

    def call(self, query: dict) -> dict:
        for attempt in range(TRIES):
            try:
                return self.call_once(query)
            except (OSError, ValueError, EOFError):
                if attempt == TRIES - 1:
                    raise
        raise AssertionError("not reached")

    def call_once(self, query: dict) -> dict:
        import botocore.auth  # slow to load, so only once there is something to sign
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials
        body = json.dumps(query).encode()
        request = AWSRequest("POST", self.settings["endpoint"] + "/", data=body, headers={
            "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": TARGET})
        now = datetime.fromtimestamp(time.time() + self.offset, timezone.utc)
        auth = botocore.auth.SigV4Auth(Credentials(
            os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]),
            "cloudtrail", self.settings["region"])
        stamp = now.strftime("%Y%m%dT%H%M%SZ")
        request.headers["X-Amz-Date"] = request.context["timestamp"] = stamp
        signature = auth.signature(auth.string_to_sign(
            request, auth.canonical_request(request)), request)
        auth._inject_signature_to_request(request, signature)
        raw = urllib.request.Request(request.url, data=body, headers=dict(request.headers))
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), self.tls)
        try:
            with opener.open(raw, timeout=20) as answer:
                self.learn(answer.headers["Date"])
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                self.learn(error.headers["Date"])
                raise OSError(error.read())

    def learn(self, date: str) -> None:
        self.offset = parsedate_to_datetime(date).timestamp() - time.time()

    def write(self, events: list[dict]) -> None:
        with self.sink.open("ab") as file:
            for event in events:
                text = event["CloudTrailEvent"]
                file.write(json.dumps({"event": {
                    "id": f"aws:{self.settings['account']}:{event['EventId']}",
                    "original": text,
                    "hash": hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
                }}).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def cut_torn_line(self) -> None:
        if self.sink.exists():
            data = self.sink.read_bytes()
            os.truncate(self.sink, data.rfind(b"\n") + 1)

    def commit(self, events: list[dict], mark: float | None) -> None:
        with self.state:
            self.state.executemany("INSERT OR IGNORE INTO id VALUES (?, ?)",
                                   [(e["EventId"], int(e["EventTime"])) for e in events])
            if mark is not None:
                self.state.execute("DELETE FROM mark")
                self.state.execute("INSERT INTO mark VALUES (?)", (int(mark),))

    def settle(self, events: list[dict], mark: float | None) -> None:
        steps = [lambda: self.write(events), lambda: self.commit(events, mark)]
        for step in reversed(steps) if self.mode == "commit-first" else steps:
            step()

    def is_known(self, event: dict) -> bool:
        if self.mode == "newest":
            return False
        row = self.state.execute("SELECT 1 FROM id WHERE id = ?", (event["EventId"],))
        return row.fetchone() is not None

    def run(self) -> None:
        self.cut_torn_line()
        self.call({"MaxResults": 1})
        now = int(time.time() + self.offset)
        row = self.state.execute("SELECT t FROM mark").fetchone()
        lookback = int(self.settings["lookback"].rstrip("s"))
        start = now - lookback if row is None else row[0]
        query: dict = {"StartTime": start, "EndTime": now}
        batch: list[dict] = []
        newest, token = start, None
        while True:
            page = self.call(query | ({"NextToken": token} if token else {}))
            batch += [e for e in page["Events"] if not self.is_known(e)]
            newest = max([newest, *[int(e["EventTime"]) for e in page["Events"]]])
            token = page.get("NextToken")
            if token is None:
                break
            if len(batch) >= BATCH - 50:
                self.settle(list({e["EventId"]: e for e in batch}.values()), None)
                batch = []
        mark = newest if self.mode == "newest" else max(start, now - OVERLAP_S)
        self.settle(list({e["EventId"]: e for e in batch}.values()), mark)


if __name__ == "__main__":
    Peer(Path(sys.argv[sys.argv.index("--config") + 1]).read_text(),
         os.environ.get("PEER", "newest")).run()
