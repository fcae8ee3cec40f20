#!/usr/bin/env python3
"""What Weir costs beside nginx and haproxy: CPU, latency, memory, cold start. See README.md."""
import argparse
import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import peers
import report
import tls_peers
from cases import CASES, COLD_STARTS, COLD_START_LIMIT_MS, IDLE_LIMIT_MB, IDLE_MODEL, IDLE_STREAMS, LATENCY, STREAM_LIMIT_KB
from processes import Child, free_port, raise_file_limit, wait_for_port

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LOAD_CORE, PEER_CORE = 0, 1
EXTRAS = ("latency", "memory", "cold-start")


class RunFailed(Exception):
    """A load run that did not get every answer right. Its numbers mean nothing."""


def cpu_seconds(pids):
    """CPU time of processes, all threads, to the nanosecond (clock_getcpuclockid(3))."""
    return sum(time.clock_gettime((~pid << 3) | 2) for pid in pids)


def h2load_answers(text):
    """How many answers there were; every one must have been a 2xx of 1024 bytes."""
    counts = re.search(r"requests: \d+ total, \d+ started, (\d+) done, (\d+) succeeded, (\d+) failed", text)
    codes = re.search(r"status codes: (\d+) 2xx", text)
    data = re.search(r"traffic: .*\((\d+)\) data", text)
    if not (counts and codes and data):
        raise RunFailed(f"h2load said nothing that is understood: {text[-300:]}")
    done, succeeded, failed = map(int, counts.groups())
    if failed or done != succeeded or int(data.group(1)) < 1024 * done:
        raise RunFailed(f"h2load: {failed} of {done} failed, {codes.group(1)} were 2xx, {data.group(1)} bytes came")
    return done


class Bench:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.files = raise_file_limit()
        self.children = []
        self.origin_port = free_port()
        origin = self.child([options.load, "origin", f"127.0.0.1:{self.origin_port}", "--key", peers.PROVIDER_KEY])
        wait_for_port(self.origin_port, origin)
        self.peers = {c.name: c(f"{folder}/{c.name}", self.origin_port, self.files)
                      for c in (peers.Nginx, peers.Haproxy, peers.Weir, peers.WeirThousandRules,
                                peers.WeirGoverned, peers.WeirGovernedShared, *tls_peers.ALL)}
        self.samples = {}    # case → peer → [µs per unit]
        self.failures = []   # (case, peer, why)
        self.notes = []
        self.least_busy = {}  # (case, peer) → share of a run that the proxy computed

    def child(self, argv, **more):
        child = Child(argv, core=LOAD_CORE, priority=peers.PRIORITY, **{"stdout": subprocess.DEVNULL, **more})
        self.children.append(child)
        return child

    def close(self):
        for peer in self.peers.values():
            peer.stop()
        for child in self.children:
            child.stop()

    def wanted(self, names):
        """Those of the named peers that were asked for and exist here."""
        asked = self.options.peers
        return [self.peers[n] for n in names if n.split("-")[0] in asked and not self.peers[n].missing()]

    def client(self, address, arguments, pids=()):
        argv = [self.options.load, "client", address, *arguments]
        if pids:
            argv += ["--cpu-of", ",".join(map(str, pids))]
        child = self.child(argv, stdout=subprocess.PIPE)
        try:
            out, _ = child.process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            raise RunFailed("the load generator did not end") from None
        finally:
            child.stop()
            self.children.remove(child)
        if child.process.returncode != 0:
            raise RunFailed("the load generator failed (its message is above)")
        result = json.loads(out)
        if result["errors"]:
            raise RunFailed(f"{result['errors']} wrong answers: {result['first_error']}")
        return result

    def http2_client(self, address, arguments, pids):
        """As client(), with h2load: CPU over its whole run, by the answers of its whole run."""
        body = f"{self.folder}/question.json"
        with open(body, "w") as f:
            json.dump({"model": "gpt-whole-1024", "messages": [{"role": "user", "content": "x" * 900}]}, f, separators=(",", ":"))
        argv = [shutil.which("h2load"), "-t", "1", *arguments, "-d", body, "-H", "content-type: application/json",
                "-H", "authorization: Bearer sk-bench-client", f"http://{address}/v1/chat/completions"]
        before, begun = cpu_seconds(pids), time.perf_counter()
        child = self.child(argv, stdout=subprocess.PIPE)
        try:
            out, _ = child.process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            raise RunFailed("h2load did not end") from None
        finally:
            child.stop()
            self.children.remove(child)
        used, wall = cpu_seconds(pids) - before, time.perf_counter() - begun
        return {"cpu_us": used * 1e6, "wall_us": wall * 1e6, "requests": h2load_answers(out.decode())}

    # CPU per request and per event

    def cpu(self):
        compared = {c.against for c in CASES if c.name == self.options.only}
        cases = [c for c in CASES if self.options.only in (None, c.name) or c.name in compared]
        names = sorted({name for case in cases for name in case.peers})
        for number in range(self.options.rounds):
            running = self.start(names)
            try:
                passes = max((c.passes for c in cases), default=0)
                for turn in range(passes):
                    for case in (c for c in cases if turn < c.passes):
                        order = [p for p in running if p.name in case.peers]
                        shift = (number + turn) % max(1, len(order))
                        for peer in order[shift:] + order[:shift]:
                            self.sample(case, peer)
            finally:
                for peer in running:
                    peer.stop()
            print(f"round {number + 1} of {self.options.rounds} done", file=sys.stderr)

    def start(self, names):
        """Starts the wanted ones; returns those that answer."""
        running = []
        for peer in self.wanted(names):
            try:
                peer.start(PEER_CORE)
                first_answer(peer, peer.child, time.perf_counter() + 10)
                running.append(peer)
            except (RunFailed, OSError, RuntimeError) as e:
                self.failures.append(("start", peer.name, str(e)))
                peer.stop()
        return running

    def sample(self, case, peer):
        try:
            if case.http2:
                result = self.http2_client(peer.http2_address(), case.load, peer.child.pids())
            else:
                result = self.client(peer.address(), case.load, peer.child.pids())
            if not result[case.unit + "s"]:
                raise RunFailed("nothing was answered")
            value = result["cpu_us"] / result[case.unit + "s"]
        except (RunFailed, OSError) as e:
            self.failures.append((case.name, peer.name, str(e)))
            value = None
        self.samples.setdefault(case.name, {}).setdefault(peer.name, []).append(value)
        if value is not None and case.saturates:
            busy = result["cpu_us"] / result["wall_us"]
            self.least_busy[case.name, peer.name] = min(busy, self.least_busy.get((case.name, peer.name), 1))

    def idle_notes(self):
        return [f"{case}: {peer} was busy only {100 * busy:.0f} % of a run, so the load was the bottleneck"
                for (case, peer), busy in self.least_busy.items() if busy < 0.4]

    # Latency added at a fixed rate

    def latency(self):
        """peer → [(p50, p99) added to asking the provider directly, in µs], and direct → its own."""
        found = {"direct": []}
        running = self.start(("nginx", "haproxy", "weir"))
        try:
            for _ in range(self.options.rounds):
                direct = self.client(f"127.0.0.1:{self.origin_port}", [*LATENCY, "--key", peers.PROVIDER_KEY])
                found["direct"].append((direct["p50_us"], direct["p99_us"]))
                for peer in running:
                    try:
                        through = self.client(peer.address(), LATENCY)
                    except RunFailed as e:
                        self.failures.append(("latency", peer.name, str(e)))
                        continue
                    found.setdefault(peer.name, []).append(
                        (through["p50_us"] - direct["p50_us"], through["p99_us"] - direct["p99_us"]))
        finally:
            for peer in running:
                peer.stop()
        return {name: [statistics.median(column) for column in zip(*rows)] for name, rows in found.items()}

    # Memory, idle and with streams open

    def memory(self):
        """peer → (idle KB, KB per idle stream, streams). Every stream costs a proxy two descriptors."""
        found = {}
        streams = min(IDLE_STREAMS, (self.files - 300) // 2)
        if streams < IDLE_STREAMS:
            self.notes.append(f"{streams} idle streams instead of {IDLE_STREAMS}: the limit of open files is {self.files}")
        for peer in self.wanted(("nginx", "haproxy", "weir")):
            try:
                peer.start(PEER_CORE)
                time.sleep(0.5)
                idle = peer.child.rss_kb()
                first_answer(peer, peer.child, time.perf_counter() + 10)
                found[peer.name] = (idle, self.stream_memory(peer, streams), streams)
            except (RunFailed, OSError, RuntimeError) as e:
                self.failures.append(("memory", peer.name, str(e)))
            finally:
                peer.stop()
        return found

    def stream_memory(self, peer, streams):
        before = peer.child.rss_kb()
        child = self.child([self.options.load, "client", peer.address(), "--mode", "idle", "--model", IDLE_MODEL,
                            "--connections", str(streams)], stdout=subprocess.PIPE, stdin=subprocess.PIPE)
        try:
            opened = child.process.stdout.readline()
            time.sleep(1)
            after = peer.child.rss_kb()
            out, _ = child.process.communicate(timeout=30)  # ends its standard input, and with it the run
        finally:
            child.stop()
            self.children.remove(child)
        for line in (opened, out):
            result = json.loads(line) if line else {"errors": 1, "first_error": "streams did not open"}
            if result["errors"]:
                raise RunFailed(f"{result['errors']} idle streams broke: {result['first_error']}")
        return (after - before) / streams

    # From exec to the first answer

    def cold_start(self):
        """peer → (ms to the ready file or None, ms to the first answer)."""
        found = {}
        for peer in self.wanted(("nginx", "haproxy", "weir")):
            ready, answer = [], []
            for _ in range(COLD_STARTS):
                try:
                    child = peer.launch(PEER_CORE)
                    deadline = time.perf_counter() + 10
                    if peer.ready_file:
                        ready.append(1000 * (file_appears(peer.ready_file, child, deadline) - child.started()))
                    answer.append(1000 * (first_answer(peer, child, deadline) - child.started()))
                except (RunFailed, OSError) as e:
                    self.failures.append(("cold-start", peer.name, str(e)))
                    break
                finally:
                    peer.stop()
            if answer:
                found[peer.name] = (statistics.median(ready) if ready else None, statistics.median(answer))
        return found


def file_appears(path, child, deadline):
    while not os.path.exists(path):
        if time.perf_counter() > deadline or not child.alive():
            raise RunFailed(f"{path} was not written")
        time.sleep(0.0003)
    return time.perf_counter()


def first_answer(peer, child, deadline):
    """Asks until a whole answer comes; returns when it did."""
    question = {"model": "gpt-whole-1024", "messages": [{"role": "user", "content": "ready?"}]}
    body = json.dumps(question, separators=(",", ":"))
    headers = {"Content-Type": "application/json", "Authorization": "Bearer sk-bench-client"}
    last = "no connection"
    while time.perf_counter() < deadline and child.alive():
        connection = http.client.HTTPConnection(peer.address(), timeout=5)
        try:
            connection.request("POST", "/v1/chat/completions", body, headers)
            answer = connection.getresponse()
            content = answer.read()
            if answer.status == 200 and len(content) == 1024:
                return time.perf_counter()
            last = f"status {answer.status}, {len(content)} bytes instead of 1024, at the end {content[-200:]!r}"
        except (OSError, http.client.HTTPException) as e:
            last = repr(e)
        finally:
            connection.close()
        time.sleep(0.0003)
    raise RunFailed(f"{peer.name} gave no first answer ({last}): {peer.last_words()}")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    names = [c.name for c in CASES] + list(EXTRAS)
    parser.add_argument("--only", metavar="CASE", choices=names, help="one of " + ", ".join(names))
    parser.add_argument("--rounds", type=int, help="default 5")
    parser.add_argument("--quick", action="store_true", help="2 rounds")
    parser.add_argument("--peers", default="nginx,haproxy,weir", help="which to run (default all)")
    parser.add_argument("--json", metavar="FILE", help="write every number there")
    parser.add_argument("--strict", action="store_true", help="exit status 2 when a target is missed")
    parser.add_argument("--build", default=f"{SOURCE}/build/release", help="folder with weir and weir_load")
    parser.add_argument("--weir", metavar="FILE", help="the weir to measure (default: that of --build)")
    options = parser.parse_args()
    options.rounds = options.rounds or (2 if options.quick else 5)
    options.peers = options.peers.split(",")
    options.load = f"{options.build}/weir_load"
    peers.Weir.program = options.weir or f"{options.build}/weir"
    if unknown := set(options.peers) - {"nginx", "haproxy", "weir"}:
        parser.error(f"unknown peers: {', '.join(sorted(unknown))}")
    if not os.access(options.load, os.X_OK):
        parser.error(f"{options.load} has not been built (./dev build)")
    if len(os.sched_getaffinity(0)) < 2:
        parser.error("needs two cores: one for the load, one for the proxy under test")
    return options


def main():
    options = parse_arguments()
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, lambda *_: sys.exit(130))
    wants = lambda what: options.only in (None, what)
    with contextlib.ExitStack() as undo:
        folder = tempfile.mkdtemp(prefix="weir-bench-")
        undo.callback(shutil.rmtree, folder, ignore_errors=True)
        bench = Bench(options, folder)
        undo.callback(bench.close)
        if options.only not in EXTRAS:
            bench.cpu()
        results = {
            "samples": bench.samples,
            "latency": bench.latency() if wants("latency") else {},
            "memory": bench.memory() if wants("memory") else {},
            "cold_start": bench.cold_start() if wants("cold-start") else {},
            "failures": bench.failures,
            "notes": bench.notes + bench.idle_notes(),
            "missing": [p.missing() for n, p in bench.peers.items() if n in options.peers and p.missing()],
        }
    limits = {"idle_mb": IDLE_LIMIT_MB, "stream_kb": STREAM_LIMIT_KB, "cold_start_ms": COLD_START_LIMIT_MS}
    rows = report.summarise(results, limits)
    report.show(results, rows)
    if options.json:
        with open(options.json, "w") as f:
            json.dump({**results, "rows": rows, "when": time.strftime("%FT%TZ", time.gmtime())}, f, indent=1)
    if results["failures"]:
        return 1
    return 2 if options.strict and any(row["ok"] is False for row in rows) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
