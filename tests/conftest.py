"""Fixtures of the whole-program tests. Every test gets its own folder, ports and processes; nothing outlives it."""
import os
import shutil

import pytest

from harness import config as configs
from harness.provider import Provider
from harness.weir import ROOT, Child, Weir, binary

CONFORMANCE = ROOT.parent / "shared/conformance"


def pytest_collection_modifyitems(items):
    for item in items:
        if not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(120))


@pytest.fixture(scope="session", autouse=True)
def weir_binary():
    return binary()


@pytest.fixture
def folder(tmp_path):
    yield tmp_path
    if not os.environ.get("WEIR_TEST_KEEP"):
        shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.fixture
def start(folder):
    """start(config=TEXT, *flags…) → Weir. Afterwards each must have ended well, and no sanitizer may have spoken."""
    started = []

    def start_weir(*flags, paths=(), check_exit=True, **named):
        place = folder / f"weir-{len(started)}"
        place.mkdir()
        weir = Weir(place, paths, *flags, **named)
        started.append((weir, check_exit))
        return weir

    yield start_weir
    end_all(started)


@pytest.fixture
def start_child(folder):
    """start_child("mock", "--port", "0") → Child, for the verbs that are not `run`."""
    started = []

    def start_verb(*arguments, check_exit=True, **named):
        place = folder / f"child-{len(started)}"
        place.mkdir()
        child = Child(place, arguments, **named)
        started.append((child, check_exit))
        return child

    yield start_verb
    end_all(started)


def end_all(started):
    for child, check_exit in started:
        running = child.process.poll() is None
        status = child.stop()
        assert not child.complaints(), "\n".join(child.complaints()) + f"\n{child.output()[-20000:]}"
        assert not (running and check_exit) or status == 0, f"exit status {status} after SIGTERM\n{child.output()[-5000:]}"


@pytest.fixture
def provide():
    """provide(answer) → Provider, stopped afterwards."""
    started = []

    def start_provider(answer=None, **named):
        provider = Provider(answer, **named)
        started.append(provider)
        return provider

    yield start_provider
    for provider in started:
        provider.stop()
        assert not provider.errors, provider.errors


@pytest.fixture
def gateway(start, provide):
    """gateway(answer, schema="OpenAI", …) → (Weir, Provider): one imposter behind one route."""
    def start_both(answer=None, *flags, schema="OpenAI", receive_buffer=None, workers=2, **named):
        provider = provide(answer, receive_buffer=receive_buffer)
        return start(*flags, config=configs.single(provider.port, schema, **named), workers=workers), provider

    return start_both


@pytest.fixture(scope="session")
def conformance():
    """The folder of foreign cases; without it these tests are skipped, but not in CI."""
    if not CONFORMANCE.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"no conformance material at {CONFORMANCE}")
        pytest.skip(f"no conformance material at {CONFORMANCE}")
    return CONFORMANCE


class SharedGateway:
    """One Weir and one Provider for the many cases of a module. A case that makes Weir crash fails; the next gets a new one."""

    def __init__(self, folders):
        self.folders, self.started = folders, []
        self.provider = Provider()
        self.weir = self.start()

    def start(self):
        weir = Weir(self.folders.mktemp("weir"), [], config=configs.single(self.provider.port))
        self.started.append((weir, True))
        return weir

    def restart_if_dead(self):
        if self.weir.process.poll() is not None:
            self.weir = self.start()


@pytest.fixture(scope="module")
def module_gateway(tmp_path_factory):
    shared = SharedGateway(tmp_path_factory)
    yield shared
    shared.provider.stop()
    end_all(shared.started)
    assert not shared.provider.errors, shared.provider.errors


@pytest.fixture
def shared_gateway(module_gateway):
    module_gateway.restart_if_dead()
    yield module_gateway
    assert module_gateway.weir.process.poll() is None, f"weir died:\n{module_gateway.weir.output()[-3000:]}"
