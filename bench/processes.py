"""Child processes of the benchmark: started on one core, measured through /proc, always ended by pid."""
import contextlib
import ctypes
import mmap
import os
import resource
import signal
import socket
import struct
import subprocess
import time

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class Child:
    """A program under test or an instrument. Owns the process; `stop` ends it and everything it started."""

    def __init__(self, argv, *, core, stdout, stdin=subprocess.DEVNULL, priority=0):
        self.argv = argv
        self._started = mmap.mmap(-1, 8)  # shared: the child notes when it stops being Python
        self.process = subprocess.Popen(
            argv, stdin=stdin, stdout=stdout, stderr=subprocess.STDOUT if stdout is not subprocess.PIPE else None,
            preexec_fn=lambda: _prepare(core, priority, self._started))

    def started(self):
        """When the program was executed, as time.perf_counter() counts."""
        return struct.unpack("d", self._started[:8])[0]

    def pids(self):
        """The process and its descendants."""
        found, rest = [], [self.process.pid]
        while rest:
            pid = rest.pop()
            found.append(pid)
            with contextlib.suppress(OSError):
                for task in os.listdir(f"/proc/{pid}/task"):
                    with open(f"/proc/{pid}/task/{task}/children") as f:
                        rest += [int(word) for word in f.read().split()]
        return found

    def rss_kb(self):
        """Resident memory of the process and its descendants. Exact: VmRSS of /proc/PID/status lags behind."""
        return sum(_rss_kb(pid) for pid in self.pids())

    def alive(self):
        return self.process.poll() is None

    def stop(self, patience=5.0):
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(patience)
            except subprocess.TimeoutExpired:
                for pid in self.pids():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                self.process.wait()
        return self.process.returncode


def _prepare(core, priority, started):
    # Runs in the child: its core, its priority (better than a compiler's next door, when root), and
    # an end when this script ends, however that happens. Linux shares the CPU among sessions first
    # (autogroups), so a session of its own carries the priority.
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    os.sched_setaffinity(0, {core})
    os.setsid()
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, priority)
        with open("/proc/self/autogroup", "w") as f:
            f.write(str(priority))
    started[:8] = struct.pack("d", time.perf_counter())


def _rss_kb(pid):
    with contextlib.suppress(OSError):
        with open(f"/proc/{pid}/smaps_rollup") as f:
            for line in f:
                if line.startswith("Rss:"):
                    return int(line.split()[1])
    return 0


def raise_file_limit():
    """Soft limit up to the hard one, the hard one up when allowed; returns what holds."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for limit in (65536, hard):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, max(limit, hard)))
            return limit
    return soft


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for_port(port, child, patience=10.0):
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        if not child.alive():
            break
        time.sleep(0.01)
    raise RuntimeError(f"{child.argv[0]} does not listen on {port} (exit status {child.process.poll()})")
