#!/usr/bin/env python3
"""Mixed load with faults, then the books: nothing may be left over, wrong, or counted twice.

    ./dev soak [--minutes 3] [--clients 64] [--connections 2000] [--weir FILE]

Weir stands between these clients and `weir mock`, which misbehaves as the request's headers script it. All client
dialects, whole answers and streams, slow clients, clients that leave, thousands of connections that seldom ask, and another
configuration every second. Every answer is judged: complete and right, or an explicit error of the kinds its fault
allows; a stream that merely stops, a body cut short, or silence is a failure. At the end: no connection, task,
descriptor, reservation or memory is left over, each exchange has one line in the log, and what the limit counted is
what the lines say. Exit status 0: all of that held.
"""
import argparse
import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.append(f"{SOURCE}/bench")

from clients import Load
from gateway import Books, Gateway
from processes import Child, free_port, raise_file_limit, wait_for_port

DESCRIPTORS_MAY_GROW = 40  # kept provider connections differ from one moment to the next
MEMORY_MAY_GROW, MEMORY_SLACK_KB = 1.15, 4096
WARM_UP_SECONDS = 60       # pools, buffers and allocator fill up; at most a third of the run


def parse_arguments():
    parser = argparse.ArgumentParser(prog="./dev soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=3, help="how long in all")
    parser.add_argument("--clients", type=int, default=64, help="that ask without a pause")
    parser.add_argument("--connections", type=int, default=2000, help="of clients that seldom ask")
    parser.add_argument("--weir", metavar="FILE", default=f"{SOURCE}/build/release/weir")
    options = parser.parse_args()
    if not os.access(options.weir, os.X_OK):
        parser.error(f"{options.weir} has not been built (./dev build)")
    return options


class Watch:
    """Beside the load: another configuration every second, and how much memory the process has."""

    def __init__(self, gateway, books):
        self.gateway, self.books = gateway, books
        self.memory = []

    async def reload(self, until):
        while time.monotonic() < until:
            self.gateway.change()
            await asyncio.sleep(1)

    async def sample(self, until):
        while time.monotonic() < until:
            self.memory.append(self.books.memory_kb())
            await asyncio.sleep(1)


def middle(values):
    return sorted(values)[len(values) // 2] if values else 0


def leftovers(books, watch, before, status_of_stop):
    """What is not as it was before the load, in words."""
    held = books.at_rest()
    failures = [f"{name} is {value:g} at rest" for name, value in held.items()]
    descriptors = books.descriptors()
    if descriptors > before + DESCRIPTORS_MAY_GROW:
        failures.append(f"descriptors grew from {before} to {descriptors}")
    tenth = max(1, len(watch.memory) // 10)
    first, last = middle(watch.memory[:tenth]), middle(watch.memory[-tenth:])
    if last > first * MEMORY_MAY_GROW + MEMORY_SLACK_KB:
        failures.append(f"memory grew from {first} KB to {last} KB")
    wrong, lines, used = books.disagreements()
    status = status_of_stop()
    if status != 0:
        failures.append(f"weir ended with status {status}")
    print(f"descriptors {before} → {descriptors}, memory under load {first} → {last} KB, {lines} lines in the log, "
          f"{used} tokens counted, {watch.gateway.changes} reloads, exit status {status}")
    return failures + wrong


def run(options, folder, undo):
    files = raise_file_limit()
    mock_port = free_port()
    mock = Child([options.weir, "mock", "--listen", f"127.0.0.1:{mock_port}"], core=0, stdout=subprocess.DEVNULL)
    undo.callback(mock.stop)
    wait_for_port(mock_port, mock)
    Gateway.program = options.weir
    gateway = Gateway(f"{folder}/weir", mock_port, files)
    undo.callback(gateway.stop)
    gateway.start()
    books, load = Books(gateway), Load(gateway.port)
    connections = min(options.connections, (files - 500) // 2)

    seconds = options.minutes * 60
    warm_up = min(WARM_UP_SECONDS, seconds / 3)
    asyncio.run(load.run(warm_up, options.clients, connections, [Watch(gateway, books).reload]))
    books.at_rest()
    descriptors, watch = books.descriptors(), Watch(gateway, books)
    asyncio.run(load.run(seconds - warm_up, options.clients, connections, [watch.reload, watch.sample]))

    def stop():
        status = gateway.child.stop(patience=40)
        gateway.child = None
        return status

    for (fault, outcome), count in sorted(load.counts.items()):
        print(f"{fault:24}{outcome:14}{count:8}")
    failures = [f"{count} × {what}" for what, count in load.violations.most_common(20)]
    failures += leftovers(books, watch, descriptors, stop)
    for line in failures:
        print(f"FAILED: {line}")
    print(f"{sum(load.counts.values())} answers as allowed, {len(failures)} failures")
    return 1 if failures else 0


def main():
    options = parse_arguments()
    with contextlib.ExitStack() as undo:
        folder = tempfile.mkdtemp(prefix="weir-soak-")
        undo.callback(shutil.rmtree, folder, ignore_errors=True)
        return run(options, folder, undo)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
