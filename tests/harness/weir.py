"""Weir: the real binary as a child process, on ports the system chose, ended by its pid."""
import http.client
import json
import os
import signal
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60  # a sanitizer build on a busy machine; a release build takes milliseconds
STOP_SECONDS = 60
SANITIZER_WORDS = ("AddressSanitizer", "LeakSanitizer", "ThreadSanitizer", "runtime error:", "weir: bug:")


def binary():
    """WEIR_BIN, else the release build, else the debug build."""
    places = [os.environ["WEIR_BIN"]] if os.environ.get("WEIR_BIN") else [
        ROOT / "build/release/weir", ROOT / "build/dev/weir", ROOT / "build/dev/src/cli/weir"]
    for place in map(Path, places):
        if place.is_file():
            return str(place.resolve())
    raise FileNotFoundError(f"no weir binary at {', '.join(map(str, places))}: ./dev build")


def sanitized():
    """True when the binary under test is slowed down by a sanitizer, so that times mean little."""
    return any(word in binary() for word in ("asan", "tsan"))


def environment(extra=None):
    """Nothing of the caller's that Weir would read: no keys, no WEIR_ variables."""
    keep = ("PATH", "HOME", "TMPDIR", "LANG", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS")
    env = {name: os.environ[name] for name in keep if name in os.environ}
    env.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
    env.update(extra or {})
    return env


def run(*arguments, stdin="", env=None, cwd=None, timeout=60):
    """One verb that ends by itself; the result has returncode, stdout and stderr."""
    return subprocess.run([binary(), *map(str, arguments)], input=stdin, capture_output=True, text=True, timeout=timeout,
                          env=environment(env), cwd=cwd)


class Child:
    """A verb of the binary that keeps running; its stdout and stderr are files of `folder`."""

    def __init__(self, folder, arguments, stdin=None, env=None):
        self.folder = Path(folder)
        self.stdout_path, self.stderr_path = self.folder / "stdout", self.folder / "stderr"
        self.ready_path = self.folder / "ready.json"
        self.command = [binary(), *map(str, arguments)]
        self.out, self.err = self.stdout_path.open("wb"), self.stderr_path.open("wb")
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
                                        stdout=self.out, stderr=self.err, env=environment(env), cwd=self.folder)
        if stdin is not None:
            self.process.stdin.write(stdin.encode())
            self.process.stdin.close()

    @property
    def pid(self):
        return self.process.pid

    def output(self):
        return self.stdout_path.read_text(errors="replace") + self.stderr_path.read_text(errors="replace")

    def wait_ready(self):
        """The content of the ready file."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                return json.loads(self.ready_path.read_text())
            except (FileNotFoundError, json.JSONDecodeError):
                pass
            try:
                self.process.wait(timeout=0.01)
            except subprocess.TimeoutExpired:
                continue
            raise AssertionError(f"ended with status {self.process.returncode} before it was ready: "
                                 f"{' '.join(self.command)}\n{self.output()}")
        raise AssertionError(f"not ready within {START_SECONDS} s: {' '.join(self.command)}\n{self.output()}")

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def wait(self, timeout=STOP_SECONDS):
        return self.process.wait(timeout=timeout)

    def stop(self):
        """Exit status after SIGTERM; kills what does not end."""
        if self.process.poll() is None:
            self.signal()
            try:
                self.wait()
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.out.close()
        self.err.close()
        return self.process.returncode

    def complaints(self):
        """Lines in which a sanitizer or an assertion speaks."""
        return [line for line in self.output().splitlines() if any(word in line for word in SANITIZER_WORDS)]

    def rss_kib(self):
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise AssertionError("no VmRSS")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))


class Weir(Child):
    """`weir run` on a configuration; ready when the constructor returns."""

    def __init__(self, folder, paths, *flags, config=None, stdin=None, env=None, workers=2, listen=True):
        folder = Path(folder)
        paths = list(paths)
        if config is not None:
            (folder / "config.yaml").write_text(config)
            paths.append(folder / "config.yaml")
        self.access_log_path = folder / "access.jsonl"
        flags = list(flags)
        defaults = [("--listen", "127.0.0.1:0")] if listen else []
        defaults += [("--admin", "127.0.0.1:0"), ("--workers", str(workers)),
                    ("--access-log", str(self.access_log_path))]
        for flag, value in defaults:
            if flag not in flags:
                flags += [flag, value]
        super().__init__(folder, ["run", *paths, "--ready-file", folder / "ready.json", *flags], stdin=stdin, env=env)
        ready = self.wait_ready()
        self.listeners, self.admin = ready["listeners"], ready["admin"]
        self.address = next(iter(self.listeners.values()))

    def url(self, path=""):
        return f"http://{self.address}{path}"

    def request(self, method, path, body=None, headers=None, timeout=30, address=None):
        """(status, headers as a lower-case dict, body bytes) over a connection of its own."""
        connection = http.client.HTTPConnection(address or self.address, timeout=timeout)
        try:
            if isinstance(body, (dict, list)):
                body = json.dumps(body)
            if isinstance(body, str):
                body = body.encode()
            sent = {"content-type": "application/json"} if body is not None else {}
            sent.update(headers or {})
            connection.request(method, path, body=body, headers=sent)
            response = connection.getresponse()
            return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
        finally:
            connection.close()

    def chat(self, path="/v1/chat/completions", model="test-model", stream=False, headers=None, timeout=30, **members):
        body = {"model": model, "messages": [{"role": "user", "content": "Hello?"}], **members}
        if stream:
            body["stream"] = True
        return self.request("POST", path, body, headers, timeout)

    def admin_get(self, path):
        return self.request("GET", path, address=self.admin)

    def metrics(self):
        status, _, body = self.admin_get("/metrics")
        assert status == 200
        return body.decode()

    def metric(self, name, **labels):
        """Sum of the samples of `name` whose labels include the given ones."""
        total = 0.0
        for line in self.metrics().splitlines():
            if line.startswith(name) and line[len(name)] in "{ ":
                if all(f'{key}="{value}"' in line for key, value in labels.items()):
                    total += float(line.rsplit(" ", 1)[1])
        return total

    def access_log(self, at_least=1, timeout=10):
        """The lines of the access log, once there are that many (it is written behind the request)."""
        lines = []

        def enough():
            nonlocal lines
            text = self.access_log_path.read_text() if self.access_log_path.exists() else ""
            lines = [json.loads(line) for line in text.split("\n")[:-1]]
            return len(lines) >= at_least
        wait_until(enough, f"{at_least} access log lines", timeout)
        return lines


def wait_until(condition, what, timeout=10.0):
    """Returns the condition's value as soon as it is true; fails the test after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    pause = 0.0005
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {what}")
        time.sleep(pause)
        pause = min(pause * 2, 0.02)
