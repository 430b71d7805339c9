"""Run a demo of the lab by REST; print its progress as it goes, and its certificate.

python examples/run_demo.py rmsprop-counterexample '{"learning_rate": "91/410"}' http://127.0.0.1:8000
"""

import json
import sys
from contextlib import suppress
from uuid import uuid4

import httpx2  # httpx does as well


def follow(client, path):
    """Every event of a job; a stream that breaks is taken up where it broke."""
    seen, kind = "0", ""
    while kind != "end":
        headers = {"Last-Event-ID": seen}
        with suppress(httpx2.TransportError), client.stream("GET", path, headers=headers) as stream:
            for line in stream.raise_for_status().iter_lines():
                field, _, value = line.partition(": ")
                if field == "id":
                    seen = value
                elif field == "event":
                    kind = value
                elif field == "data":
                    yield kind, json.loads(value)


_, demo, params, server = [*sys.argv, *("min-norm", "{}", "http://127.0.0.1:8000")[len(sys.argv) - 1 :]]
with httpx2.Client(base_url=server, timeout=60) as client:
    job = {"demo": demo, "params": json.loads(params), "seed": 0}
    answer = client.post("/api/v1/jobs", json=job, headers={"Idempotency-Key": uuid4().hex})
    if answer.is_error:
        sys.exit(answer.json()["detail"])
    links, latest = answer.json()["links"], {}
    for kind, data in follow(client, links["events"]):
        if kind == "point":
            latest[data["series"]] = data["y"]
        elif kind == "progress":
            print(f"{data['progress']:4.0%}", *(f"{name}: {y:.3g}" for name, y in latest.items()), sep="  ")
    if data["state"] != "succeeded":
        sys.exit(f"The job has {data['state']}. {data['error'] or ''}")
    for check in client.get(links["result"]).json()["certificate"]:
        told = (check[name] for name in ("claim", "measured", "bound"))
        print("holds" if check["holds"] else "FAILS", *told, sep=" | ")
