"""The command line: verbs, flags, exit statuses, and what mistakes of a configuration look like."""
import json
import re
import socket

import pytest

from harness import config as configs
from harness.weir import ROOT, run

EXAMPLE = ROOT / "examples/multi-agent"
MESSAGE = re.compile(r"^(?P<file>[^:]+):(?P<line>\d+):(?P<column>\d+): (?:(?P<level>warning|error): )?(?P<object>[^:]*): .+")


def seed(*names):
    return "---\n".join((EXAMPLE / name).read_text() for name in names or ("agents.yaml", "security.yaml"))


def test_version():
    done = run("version")
    assert done.returncode == 0 and re.search(r"\d+\.\d+\.\d+", done.stdout)


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["check", "--help"], ["explain", "--help"], ["mock", "--help"]])
def test_help(arguments):
    done = run(*arguments)
    assert done.returncode == 0 and "weir" in done.stdout


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["run", "--nonsense"], ["check"], ["explain", EXAMPLE], ["run", EXAMPLE, "--workers", "x"],
                                       ["run", "--mock", EXAMPLE, "--listen", "nonsense"],
                                       ["run", "--mock", EXAMPLE, "--log-level", "loudest"], ["run", EXAMPLE, "--drain-timeout", "soon"]])
def test_usage_errors_exit_with_2(arguments):
    done = run(*arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr


def test_the_example_is_the_seed_unmodified():
    seed_text = ROOT.parent / "shared/seed.md"
    if not seed_text.exists():
        pytest.skip(f"no {seed_text}")
    text = seed_text.read_text()
    for name in ("agents.yaml", "security.yaml"):
        assert f"```yaml\n{(EXAMPLE / name).read_text()}```" in text


def test_check_of_the_example():
    done = run("check", "--mock", EXAMPLE)
    assert done.returncode == 0, done.stdout + done.stderr
    done = run("check", EXAMPLE)
    assert done.returncode == 1 and "api-keys" in done.stdout + done.stderr, "without --mock the missing Secret is an error"


def test_run_refuses_a_missing_secret_and_says_which():
    done = run("run", EXAMPLE, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
    assert done.returncode == 1
    assert "api-keys" in done.stdout + done.stderr


@pytest.mark.parametrize("how", ["folder", "files", "stdin", "one_file"])
def test_a_path_is_a_folder_a_file_or_stdin(start, folder, how):
    named = {"folder": {"paths": [EXAMPLE]}, "files": {"paths": [EXAMPLE / "agents.yaml", EXAMPLE / "security.yaml"]},
             "stdin": {"paths": ["-"], "stdin": seed()}, "one_file": {"config": seed()}}[how]
    weir = start("--mock", **named)
    for agent in ("reasoning", "data", "planning"):
        status, _, body = weir.chat(f"/v1/{agent}/chat/completions")
        assert status == 200 and json.loads(body)["choices"][0]["message"]["content"]


def test_all_yaml_of_the_seed_loads_as_one_configuration(start, folder):
    """Two halves of a route merge, the policy's limits are understood, and all of it runs."""
    seed_text = ROOT.parent / "shared/seed.md"
    if not seed_text.exists():
        pytest.skip(f"no {seed_text}")
    blocks = [block for block in re.findall(r"```yaml\n(.*?)```", seed_text.read_text(), re.S) if "apiVersion" in block]
    (folder / "seed.yaml").write_text("---\n".join(blocks))
    done = run("check", "--mock", folder / "seed.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1000000 llm_total_token an hour, for each header x-user-id, where header x-ai-eg-model is gpt-4" in done.stdout
    weir = start("--mock", "--allow-unenforced", "BackendTrafficPolicy", paths=[folder / "seed.yaml"])
    rules = {rule["identity"]: rule for rule in json.loads(weir.admin_get("/api/config")[2])["limitRules"]}
    assert [rule["unit"] for rule in rules.values()] == ["Hour", "Day"]
    assert weir.chat("/v1/reasoning/chat/completions")[0] == 200


PROTECTIONS = {
    "BackendTrafficPolicy": {"targetRefs": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "gateway"}],
                             "bandwidthLimit": {"request": {"limit": "1Mi"}}},
    "SecurityPolicy": {"targetRefs": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "gateway"}],
                       "apiKeyAuth": {"credentialRefs": [{"name": "keys"}], "extractFrom": [{"headers": ["x-api-key"]}]}},
}


@pytest.mark.parametrize("kind", PROTECTIONS)
def test_a_protection_is_never_silently_absent(start, provide, folder, kind):
    provider = provide()
    text = configs.single(provider.port, extra=[configs.document("gateway.envoyproxy.io/v1alpha1", kind, "policy", PROTECTIONS[kind])])
    (folder / "c.yaml").write_text(text)
    checked = run("check", folder / "c.yaml")
    assert checked.returncode == 0 and kind in checked.stdout + checked.stderr
    refused = run("run", folder / "c.yaml", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
    assert refused.returncode == 1 and kind in refused.stdout + refused.stderr
    assert start("--allow-unenforced", kind, config=text).chat()[0] == 200


def test_all_mistakes_at_once_with_their_places(folder):
    (folder / "bad.yaml").write_text("""\
apiVersion: ai.gateway.envoyproxy.io/v1alpha1
kind: AIGatewayRoute
metadata:
  name: r
spec:
  parentRefs:
  - name: g
  routes:
  - backends:
    - name: nobody
      wieght: 100
    matches:
    - path:
        type: PathPrefix
        value: no-slash
  - backends:
    - name: b
    matches:
    - path:
        type: RegularExpression
        value: "("
---
apiVersion: ai.gateway.envoyproxy.io/v1alpha1
kind: AIServiceBackend
metadata:
  name: b
spec:
  provider: opanai
  endpoint: https://api.openai.com
---
apiVersion: ai.gateway.envoyproxy.io/v1alpha1
kind: aiservicebackend
metadata:
  name: c
""")
    done = run("check", folder / "bad.yaml")
    assert done.returncode == 1
    lines = (done.stdout + done.stderr).splitlines()
    found = {}
    for line in lines:
        place = MESSAGE.match(line.removeprefix(str(folder) + "/"))
        if place:
            found.setdefault(int(place["line"]), []).append(line)
    for number, word in {10: "nobody", 11: "weight", 15: "no-slash", 21: "(", 28: "openai", 32: "AIServiceBackend"}.items():
        assert any(word in line for line in found.get(number, [])), f"line {number}, {word}:\n" + "\n".join(lines)


def test_stdin_is_named_in_messages():
    done = run("check", "-", stdin="apiVersion: ai.gateway.envoyproxy.io/v1alpha1\nkind: AIServiceBackend\nmetadata:\n  name: b\nspec:\n  nope: 1\n")
    assert done.returncode == 1
    assert "<stdin>:6:" in done.stdout + done.stderr


@pytest.mark.parametrize("text, words", [
    ("a: [", ["<stdin>:"]), ("", []), ("just text", ["<stdin>:1:"]), ("apiVersion: v1\nkind: Nonsense\nmetadata: {name: x}\n", ["Nonsense"])])
def test_strange_documents_do_not_crash(text, words):
    done = run("check", "-", stdin=text)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    assert all(word in done.stdout + done.stderr for word in words)


def test_a_missing_file_is_refused(folder):
    done = run("check", folder / "nowhere.yaml")
    assert done.returncode == 1 and "nowhere.yaml" in done.stdout + done.stderr


def test_environment_variables_are_substituted(start, provide):
    provider = provide()
    text = configs.single(provider.port).replace(configs.SECRET, "${PLANTED_KEY}").replace('"test-model"', "${ABSENT:-test-model}")
    weir = start(config=text, env={"PLANTED_KEY": "from-the-environment"})
    assert weir.chat()[0] == 200
    assert provider.only_request().header("authorization") == "Bearer from-the-environment"


def test_an_unset_variable_is_named(folder):
    (folder / "c.yaml").write_text(configs.single(1).replace(configs.SECRET, "${NOT_SET_ANYWHERE}"))
    done = run("check", folder / "c.yaml")
    assert re.search(r":\d+:\d+: .*NOT_SET_ANYWHERE", done.stdout + done.stderr), "with its place"


def test_flags_are_read_from_the_environment(start, folder):
    weir = start("--mock", paths=[EXAMPLE], env={"WEIR_LOG_LEVEL": "debug"})
    assert weir.chat("/v1/data/chat/completions")[0] == 200
    assert run("run", EXAMPLE, "--mock", env={"WEIR_WORKERS": "nonsense"}).returncode == 2


def test_without_a_path_the_usual_keys_configure_it(start, provide):
    provider = provide()
    weir = start(env={"OPENAI_API_KEY": configs.SECRET, "OPENAI_BASE_URL": f"http://127.0.0.1:{provider.port}/v1"})
    assert weir.chat()[0] == 200
    request = provider.only_request()
    assert (request.target, request.header("authorization")) == ("/v1/chat/completions", f"Bearer {configs.SECRET}")


def test_without_a_path_and_without_keys_it_says_which_it_looks_for():
    done = run("run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
    assert done.returncode in (1, 2)
    assert "OPENAI_API_KEY" in done.stdout + done.stderr


@pytest.mark.parametrize("flag", ["--listen", "--admin"])
def test_an_address_in_use_is_exit_status_3(flag):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        other = {"--listen": "--admin", "--admin": "--listen"}[flag]
        done = run("run", EXAMPLE, "--mock", flag, address, other, "127.0.0.1:0")
    assert done.returncode == 3, done.stderr
    assert address in done.stdout + done.stderr


def test_another_weir_in_the_way_is_exit_status_3(start):
    first = start("--mock", paths=[EXAMPLE])
    done = run("run", EXAMPLE, "--mock", "--listen", first.address, "--admin", "127.0.0.1:0")
    assert done.returncode == 3, done.stderr


def test_healthcheck(start):
    weir = start("--mock", paths=[EXAMPLE])
    assert run("healthcheck", "--admin", weir.admin).returncode == 0
    assert run("healthcheck", env={"WEIR_ADMIN": weir.admin}).returncode == 0
    weir.stop()
    assert run("healthcheck", "--admin", weir.admin).returncode == 1


def test_explain_names_rule_backend_and_credential(folder):
    (folder / "c.yaml").write_text(configs.single(1))
    (folder / "body.json").write_text('{"model": "m", "messages": []}')
    done = run("explain", folder / "c.yaml", "--path", "/v1/chat/completions", "--method", "POST", "--host", "weir.test", "--header", "x-team: a",
               "--body", folder / "body.json")
    assert done.returncode == 0, done.stderr
    for word in ("route", "provider", "key-provider", "chat"):
        assert word in done.stdout, done.stdout
    assert configs.SECRET not in done.stdout


def test_explain_says_why_nothing_matches(folder):
    (folder / "c.yaml").write_text(configs.join(configs.route(configs.rule("provider", [configs.model("known")])), *configs.provider("provider", 1)))
    (folder / "body.json").write_text('{"model": "unheard-of", "messages": []}')
    done = run("explain", folder / "c.yaml", "--path", "/v1/chat/completions", "--method", "POST", "--body", folder / "body.json")
    assert "unheard-of" in done.stdout + done.stderr and "known" in done.stdout + done.stderr
    assert "404" in done.stdout + done.stderr


def test_explain_of_the_example_shows_each_agent():
    for agent, backend in {"reasoning": "reasoning-agent", "data": "data-agent", "planning": "planning-agent"}.items():
        done = run("explain", EXAMPLE, "--path", f"/v1/{agent}/chat/completions", "--method", "POST")
        assert done.returncode == 0 and backend in done.stdout, done.stdout + done.stderr


def test_dev_run_asks_every_agent():
    """What `./dev run --once` does after building."""
    import subprocess
    import sys
    from harness.weir import binary, environment
    done = subprocess.run([sys.executable, ROOT / "tools/ask_agents", "--weir", binary(), "--config", EXAMPLE, "--once"], capture_output=True,
                          text=True, timeout=60, env=environment())
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 of 3 agents answered" in done.stdout
    assert done.stdout.count("again: curl") == 3


def test_examples_of_this_project_load():
    for folder in sorted((ROOT / "examples").iterdir()):
        done = run("check", "--mock", folder)
        assert done.returncode == 0, f"{folder.name}: {done.stdout}{done.stderr}"
