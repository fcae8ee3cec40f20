"""Limits that several Weirs count together in a real Redis: none of them, nor all together, admits more than the limit."""
import collections
import concurrent.futures
import json
import os
import threading

import pytest

from harness.certificates import Authority, issue
from harness.limits import USER, LedgerMock, TestClock, chat, governed, limit, limits, settings, settled, storm
from harness.redis_server import Cluster, RedisServer, Sentinels
from harness.weir import run, sanitized, wait_until

BIG = {"x-mock-usage": "input=10,output=490"}


@pytest.fixture
def mock(start_child):
    return LedgerMock(start_child)


@pytest.fixture(scope="module")
def shared_redis(tmp_path_factory):
    """For tests that leave it alone; each names its policy as nobody else does."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.fixture
def own_redis(folder):
    server = RedisServer(folder)
    yield server
    server.stop()


@pytest.fixture
def cluster(start, mock):
    """cluster(redis, name, rules, count, **LimitOptions) → Weirs that share a Redis and a configuration."""
    def start_all(redis, name, rules, count=2, flags=(), check_exit=True, env=None, url=None, **options):
        config = governed(mock.port, *rules, policy_name=name, extra=[settings(name, **options)] if options else [])
        return [start("--redis", url or redis.url(), *flags, config=config, check_exit=check_exit, env=env) for _ in range(count)]
    return start_all


def store_is(weirs, up):
    for weir in weirs:
        wait_until(lambda weir=weir: json.loads(weir.admin_get("/api/limits")[2])["store"]["up"] is up, f"the store to be {up}")


def quiet(redis, weirs, name, rule="rule"):
    """What Redis has once nothing is reserved or leased; it is what all of them used."""
    used = [settled(weir, rule)["used"] for weir in weirs]
    wait_until(lambda: redis.granted(name) == sum(used), f"leases to be given back: {redis.granted(name)}, {used} used", timeout=15)
    return sum(used)


# --- together -----------------------------------------------------------------------------------------------------------

def test_two_instances_share_a_limit(cluster, shared_redis):
    one, two = cluster(shared_redis, "share", [limit(1000)])
    assert chat(one, max_tokens=500, headers=BIG)[0] == 200
    assert quiet(shared_redis, [one, two], "share") == 500
    status, headers, body = chat(two, max_tokens=600)
    assert status == 429 and "default/share rule rule" in json.loads(body)["error"]["message"]
    assert headers["x-ratelimit-remaining-tokens"] == "500"
    status, headers, _ = chat(two, max_tokens=400, headers={"x-mock-usage": "input=10,output=390"})
    assert status == 200 and int(headers["x-ratelimit-remaining-tokens"]) < 100
    assert quiet(shared_redis, [one, two], "share") == 900
    entry = limits(two)["rule"]
    assert entry["shared"] and (entry["used"], entry["elsewhere"]) == (400, 500)
    assert two.metric("weir_limit_elsewhere", rule="rule") == 500 and two.metric("weir_limit_store_up") == 1
    assert json.loads(one.admin_get("/api/limits")[2])["store"]["address"] == shared_redis.url("")


def test_distinct_values_find_each_other(cluster, shared_redis):
    one, two = cluster(shared_redis, "distinct", [limit(600, headers=[USER])])
    assert chat(one, max_tokens=500, headers=BIG, user="ada")[0] == 200
    quiet(shared_redis, [one, two], "distinct")
    assert chat(two, max_tokens=500, user="ada")[0] == 429
    assert chat(two, max_tokens=500, user="bob")[0] == 200
    assert not any(b"ada" in key for key in shared_redis.command("KEYS", "*"))


@pytest.mark.parametrize("lease", ["auto", "off"])
def test_a_burst_over_three_admits_no_more_than_the_limit(cluster, shared_redis, lease):
    name = f"burst-{lease}"
    weirs = cluster(shared_redis, name, [limit(500, key="output")], count=3, lease=lease)
    def one(number):
        headers = {"x-mock-delay-ms": "300", "x-mock-usage": "input=1,output=50"}
        return chat(weirs[number % 3], max_tokens=50, headers=headers)[0]
    with concurrent.futures.ThreadPoolExecutor(90) as pool:
        statuses = collections.Counter(pool.map(one, range(90)))
    assert set(statuses) == {200, 429} and statuses[200] <= 10, statuses
    assert statuses[200] == 10 if lease == "off" else statuses[200] >= 7, statuses
    assert quiet(shared_redis, weirs, name) == 50 * statuses[200]


def test_sliding_windows_are_shared_too(cluster, shared_redis):
    one, two = cluster(shared_redis, "sliding", [limit(1000, unit="Day")], window="sliding")
    assert chat(one, max_tokens=600, headers=BIG)[0] == 200
    quiet(shared_redis, [one, two], "sliding")
    assert chat(two, max_tokens=600)[0] == 429
    assert chat(two, max_tokens=450, headers={"x-mock-usage": "input=10,output=440"})[0] == 200
    assert quiet(shared_redis, [one, two], "sliding") == 950


def test_windows_of_all_instances_end_together(cluster, shared_redis, folder):
    clock = TestClock(folder)
    clock.to_next(3600, 5)
    one, two = cluster(shared_redis, "windows", [limit(1000, unit="Minute")], env=clock.env)
    assert chat(one, max_tokens=600, headers=BIG)[0] == 200
    assert quiet(shared_redis, [one, two], "windows") == 500
    assert chat(two, max_tokens=400, headers=BIG)[0] == 200
    assert chat(one, max_tokens=600)[0] == 429 and chat(two, max_tokens=600)[0] == 429
    clock.to_next(60, 5)
    assert chat(two, max_tokens=900, headers={"x-mock-usage": "input=10,output=890"})[0] == 200
    assert chat(one, max_tokens=600)[0] == 429
    clock.to_next(3600, 5)
    assert chat(one, max_tokens=900, headers={"x-mock-usage": "input=10,output=890"})[0] == 200


def test_one_who_ends_gives_its_leases_back(cluster, shared_redis):
    one, two = cluster(shared_redis, "ends", [limit(1_000_000)])
    assert chat(one, max_tokens=500, headers=BIG)[0] == 200
    assert shared_redis.granted("ends") >= 500
    assert one.stop() == 0
    assert shared_redis.granted("ends") == 500
    assert chat(two, max_tokens=500, headers=BIG)[0] == 200


def test_cut_takes_more_from_redis_as_a_stream_grows(cluster, shared_redis):
    one, two = cluster(shared_redis, "cut", [limit(300, key="output")], overflow="cut")
    assert chat(two, max_tokens=100, headers={"x-mock-usage": "input=1,output=100"})[0] == 200
    quiet(shared_redis, [one, two], "cut")
    status, _, body = chat(one, stream=True, headers={"x-mock-events": "1000", "x-mock-pace-ms": "1", "x-mock-text": "word"})
    assert status == 200 and b'"finish_reason":"length"' in body
    assert 120 <= body.count(b'"content":') <= 210
    assert quiet(shared_redis, [one, two], "cut") <= 310


def test_takeover_keeps_what_was_used(cluster, shared_redis, folder):
    flags = ("--takeover", str(folder / "weir.sock"), "--state-dir", folder / "state")
    [old] = cluster(shared_redis, "takeover", [limit(1000)], count=1, flags=flags)
    assert chat(old, max_tokens=500, headers=BIG)[0] == 200
    assert settled(old)["used"] == 500
    [new] = cluster(shared_redis, "takeover", [limit(1000)], count=1, flags=flags)
    assert old.wait(20) == 0
    assert shared_redis.granted("takeover") == 500
    assert chat(new, max_tokens=600)[0] == 429
    assert chat(new, max_tokens=480, headers={"x-mock-usage": "input=10,output=480"})[0] == 200
    assert new.stop() == 0 and shared_redis.granted("takeover") == 990


# --- when something is killed -------------------------------------------------------------------------------------------

@pytest.mark.parametrize("failure, admitted", [("local", [200, 200, 429]), ("closed", [503, 503, 503]), ("open", [200, 200, 200])])
def test_redis_killed_and_restarted(cluster, own_redis, failure, admitted):
    weirs = one, two = cluster(own_redis, "killed", [limit(2000)], failure=failure)
    assert chat(one, max_tokens=500, headers=BIG)[0] == 200 and chat(two, max_tokens=500, headers=BIG)[0] == 200
    quiet(own_redis, weirs, "killed")
    assert chat(one, max_tokens=100, headers={"x-mock-usage": "input=10,output=90"})[0] == 200  # and knows what two has
    quiet(own_redis, weirs, "killed")
    own_redis.kill()
    store_is(weirs, False)
    answers = [chat(one, max_tokens=430, headers={"x-mock-usage": "input=10,output=420"}) for _ in range(3)]
    assert [status for status, _, _ in answers] == admitted
    if failure == "closed":
        assert json.loads(answers[0][2])["error"]["code"] == "quota.unavailable" and int(answers[0][1]["retry-after"]) >= 1
    used = 600 + 430 * admitted.count(200)
    entry = settled(one)
    assert entry["used"] == used and entry["elsewhere"] == 500
    assert entry["admitted_without_store"] == admitted.count(200) and entry["refused_without_store"] == admitted.count(503)
    own_redis.start()
    store_is(weirs, True)
    # It has forgotten everything and was told by both what they had.
    wait_until(lambda: own_redis.granted("killed") == used + 500, "both to say what they used")
    if failure == "open":
        assert chat(two, max_tokens=100)[0] == 429
    assert "answers again" in one.output() and "cannot be used" in one.output()


def test_a_redis_that_hangs_holds_nobody_up(cluster, own_redis):
    """An exchange waits for it as long as `timeout` says, 20 ms if it says nothing; those that come later do not wait."""
    [weir] = cluster(own_redis, "hangs", [limit(100_000, headers=[USER])], count=1, url=own_redis.url(""))
    assert chat(weir, max_tokens=500, headers=BIG)[0] == 200
    store_is([weir], True)
    wait_until(lambda: own_redis.granted("hangs") == settled(weir)["used"], "the lease of an idle key to be given back")
    own_redis.freeze()
    assert [chat(weir, max_tokens=500, headers=BIG, user=f"u{n}")[0] for n in range(12)] == [200] * 12
    store_is([weir], False)
    assert chat(weir, max_tokens=500, headers=BIG)[0] == 200
    waited = [line["weir.duration_ms"] for line in weir.access_log(14)]
    own_redis.thaw()
    store_is([weir], True)
    wait_until(lambda: own_redis.granted("hangs") == 14 * 500, "what was used to be told")
    waits = sorted(waited[1:])
    if not sanitized():
        assert waits[len(waits) // 2] < 20 and waits[-1] < 500, waited  # half a second for a machine under load


def test_sigkill_loses_nothing_that_was_used(cluster, shared_redis, folder):
    rules = [limit(100_000)]
    [weir] = cluster(shared_redis, "sigkill", rules, count=1, flags=("--state-dir", folder / "state"), check_exit=False)
    assert chat(weir, max_tokens=500, headers=BIG)[0] == 200
    weir.process.kill()
    weir.process.wait()
    granted = shared_redis.granted("sigkill")
    assert 500 <= granted <= 500 + 510 + 2000 * 2  # its lease stays counted,
    [weir] = cluster(shared_redis, "sigkill", rules, count=1, flags=("--state-dir", folder / "state"))
    assert settled(weir)["used"] in (500, 510)  # (unsettled, if it was killed at once)
    assert quiet(shared_redis, [weir], "sigkill") <= 510  # and with its state it is taken up again
    [other] = cluster(shared_redis, "sigkill", rules, count=1)
    assert chat(other, max_tokens=99_600)[0] == 429


def test_started_without_redis(folder, cluster):
    server = RedisServer(folder)
    server.kill()
    [weir] = cluster(server, "without", [limit(1000)], count=1)
    assert "does not answer yet" in weir.output()
    assert chat(weir, max_tokens=500, headers=BIG)[0] == 200
    assert chat(weir, max_tokens=600)[0] == 429
    assert weir.admin_get("/readyz")[0] == 200
    server.start()
    store_is([weir], True)
    wait_until(lambda: server.granted("without") == 500, "what was used to be told")
    weir.stop()
    server.stop()


# --- Sentinel, Cluster --------------------------------------------------------------------------------------------------

def test_a_primary_that_sentinels_replace(cluster, folder):
    redis = Sentinels(folder)
    try:
        weirs = one, two = cluster(redis, "sentinels", [limit(2000)], failure="closed")
        assert chat(one, max_tokens=500, headers=BIG)[0] == 200 and chat(two, max_tokens=500, headers=BIG)[0] == 200
        assert quiet(redis, weirs, "sentinels") == 1000
        redis.fail_over()
        wait_until(lambda: chat(one, max_tokens=500, headers=BIG)[0] == 200, "the new primary to be found", timeout=30)
        store_is(weirs, True)
        assert quiet(redis, weirs, "sentinels") == 1500
        assert chat(two, max_tokens=600)[0] == 429
        # A replica is not taken for what it follows.
        stray = RedisServer(folder, "--replicaof", f"127.0.0.1 {redis.primary.port}")
        [wrong] = cluster(stray, "stray", [limit(2000)], count=1)
        stray.stop()
        assert "it is a replica: name the primary, or Sentinels" in wrong.output()
    finally:
        redis.stop()


def test_a_cluster_of_redis(cluster, folder):
    """Counters are spread over its nodes; one that dies takes only its own with it; a slot may move."""
    redis = Cluster(folder)
    try:
        rules = [limit(2000, headers=[USER])]
        weirs = one, two = cluster(redis, "cluster", rules, failure="closed")
        users = [f"user-{n}" for n in range(24)]
        assert {chat(one, max_tokens=500, headers=BIG, user=user)[0] for user in users} == {200}
        assert {chat(two, max_tokens=500, headers=BIG, user=user)[0] for user in users} == {200}
        assert quiet(redis, weirs, "cluster") == 1000 * len(users)
        shares = [node.granted("cluster") for node in redis.nodes]
        assert all(shares) and sum(shares) == 1000 * len(users), shares
        # All slots of the second node that have keys go to the third.
        key_slots = {redis.nodes[1].command("CLUSTER", "KEYSLOT", key) for key in redis.nodes[1].command("KEYS", "*limit:*")}
        for slot in key_slots:
            redis.move(slot, redis.nodes[2])
        left = set(users)

        def all_served():
            usage = {"x-mock-usage": "input=10,output=390"}
            left.difference_update(user for user in users if user in left and chat(two, max_tokens=400, headers=usage, user=user)[0] == 200)
            return not left
        wait_until(all_served, "the moved slots to be found")
        wait_until(lambda: {chat(one, max_tokens=800, user=user)[0] for user in users} == {429}, "both to know where they are")
        assert quiet(redis, weirs, "cluster") == 1400 * len(users)
        redis.nodes[0].kill()
        statuses = [chat(one, max_tokens=20, headers={"x-mock-usage": "input=1,output=1"}, user=user)[0] for user in users]
        assert set(statuses) == {200, 503}, statuses
        assert json.loads(one.admin_get("/api/limits")[2])["store"]["up"] is True
    finally:
        redis.stop()


def test_a_node_of_a_cluster_says_how_to_name_it(cluster, folder):
    redis = Cluster(folder)
    try:
        [weir] = cluster(redis.nodes[0], "node", [limit(2000)], count=1)
        [other] = cluster(redis.nodes[1], "node", [limit(2000)], count=1)
        assert "use redis+cluster://" in weir.output() + other.output()
    finally:
        redis.stop()


# --- addresses ----------------------------------------------------------------------------------------------------------

def test_tls_and_a_password(folder, start, mock):
    authority = Authority(folder)
    authority.server("127.0.0.1")
    server = RedisServer(folder, "--tls-cert-file", folder / "127.0.0.1.pem", "--tls-key-file", folder / "127.0.0.1.key",
                         "--tls-ca-cert-file", authority.certificate, "--tls-auth-clients", "no",
                         "--requirepass", "planted-redis-password", scheme="rediss", login=":planted-redis-password@")
    config = governed(mock.port, limit(1000), policy_name="tls")
    try:
        weir = start(config=config, env={"WEIR_REDIS": server.url(f"?ca={authority.certificate}")})
        assert chat(weir, max_tokens=500, headers=BIG)[0] == 200
        shown = weir.output() + weir.admin_get("/api/limits")[2].decode() + weir.admin_get("/metrics")[2].decode()
        assert '"up":true' in shown and "planted-redis-password" not in shown
        untrusted = start(config=config, env={"WEIR_REDIS": server.url()})
        assert "is not trusted" in untrusted.output() and "planted-redis-password" not in untrusted.output()
    finally:
        server.stop()


@pytest.mark.parametrize("url", ["http://planted:secret@cache", "redis://cache:port", "rediss://cache?ca=/nonexistent"])
def test_a_wrong_address_is_refused(folder, mock, url):
    (folder / "config.yaml").write_text(governed(mock.port, limit(1000)))
    done = run("run", folder / "config.yaml", "--listen", "127.0.0.1:0", "--admin", "off", "--redis", url)
    assert done.returncode == 2 and "--redis: " in done.stderr and "secret" not in done.stderr


# --- Envoy Gateway's configuration file ---------------------------------------------------------------------------------

def envoy_gateway(redis, **rate_limit):
    """As Envoy Gateway's controller reads it: it has no name."""
    return json.dumps({"apiVersion": "gateway.envoyproxy.io/v1alpha1", "kind": "EnvoyGateway", "provider": {"type": "Kubernetes"},
                       "rateLimit": {"backend": {"type": "Redis", "redis": redis}, **rate_limit}})


def test_the_address_is_taken_from_envoy_gateway(start, mock, shared_redis):
    config = governed(mock.port, limit(1000), policy_name="envoy",
                      extra=[envoy_gateway({"url": f"127.0.0.1:{shared_redis.port}"}, timeout="2s")])
    one, two = start(config=config), start(config=config)
    assert chat(one, max_tokens=500, headers=BIG)[0] == 200
    assert quiet(shared_redis, [one, two], "envoy") == 500
    assert chat(two, max_tokens=600)[0] == 429
    assert limits(one)["rule"]["failure"] == "local"


def test_the_command_line_wins_over_envoy_gateway(start, mock, shared_redis):
    config = governed(mock.port, limit(1000), policy_name="wins", extra=[envoy_gateway({"url": "127.0.0.1:1"}, failClosed=True)])
    weir = start("--redis", shared_redis.url(), config=config)
    assert chat(weir, max_tokens=500, headers=BIG)[0] == 200
    assert json.loads(weir.admin_get("/api/limits")[2])["store"]["address"] == shared_redis.url("")


def test_fail_closed_of_envoy_gateway_refuses(start, mock):
    config = governed(mock.port, limit(1000), policy_name="closed", extra=[envoy_gateway({"url": "127.0.0.1:1"}, failClosed=True)])
    weir = start(config=config)
    assert chat(weir, max_tokens=500, headers=BIG)[0] == 503


def test_redis_is_shown_a_certificate(folder, start, mock):
    authority = Authority(folder)
    authority.server("127.0.0.1")
    server = RedisServer(folder, "--tls-cert-file", folder / "127.0.0.1.pem", "--tls-key-file", folder / "127.0.0.1.key",
                         "--tls-ca-cert-file", authority.certificate, scheme="rediss")
    own = issue(authority, "weir", subject="/CN=weir-client")
    secret = json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "redis"}, "stringData": {
        "tls.crt": own.pem, "tls.key": own.key_pem, "ca.crt": authority.certificate.read_text()}})
    said = envoy_gateway({"url": f"127.0.0.1:{server.port}", "tls": {"certificateRef": {"name": "redis"}}})
    try:
        weir = start(config=governed(mock.port, limit(1000), policy_name="shown", extra=[said, secret]))
        assert chat(weir, max_tokens=500, headers=BIG)[0] == 200
        assert json.loads(weir.admin_get("/api/limits")[2])["store"]["up"]
        assert own.key_pem.splitlines()[1] not in weir.output() + weir.admin_get("/api/config")[2].decode()
    finally:
        server.stop()


@pytest.mark.parametrize("redis, message", [
    ({"url": "one:6379,two:6379"}, "rateLimit.backend.redis.url: of several addresses it is not known what they are"),
    ({"url": "redis://cache:6379", "tls": {}}, "rateLimit.backend.redis.url: is an address without TLS"),
    ({"url": "cache:6379", "tls": {"certificateRef": {"name": "nowhere"}}}, "tls.certificateRef: Secret \"nowhere\" does not exist"),
    ({"uri": "cache:6379"}, "rateLimit.backend.redis.url: Required value"),
    ({"url": "cache:port"}, "rateLimit.backend.redis.url: a port that is no number"),
])
def test_mistakes_of_envoy_gateway_are_named(folder, mock, redis, message):
    (folder / "config.yaml").write_text(governed(mock.port, limit(1000), extra=[envoy_gateway(redis)]))
    done = run("run", folder / "config.yaml", "--listen", "127.0.0.1:0", "--admin", "off")
    assert done.returncode == 1 and message in done.stderr, done.stderr


# --- truth --------------------------------------------------------------------------------------------------------------

EXCHANGES = int(os.environ.get("WEIR_TRUTH_EXCHANGES", "1200"))
PROCESSES = [int(n) for n in os.environ.get("WEIR_TRUTH_PROCESSES", "3").split(",")]


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("count", PROCESSES)
@pytest.mark.parametrize("crash, failure", [("", "local"), ("redis", "closed"), ("redis", "local"), ("redis", "open")])
def test_truth_over_processes(cluster, own_redis, mock, count, crash, failure):
    """Random exchanges against `count` Weirs: no limit is passed by all of them together, and in the end Redis, the counters,
    the access logs and the provider agree. With `crash` Redis is killed and restarted meanwhile: under `closed` limits hold
    still, under `local` each Weir's own count holds, and whatever was admitted is counted."""
    total, each = EXCHANGES * 13, EXCHANGES * 4
    rules = [limit(total, unit="Day", name="everybody"), limit(each, unit="Day", name="each", headers=[USER])]
    weirs = cluster(own_redis, "truth", rules, count=count, failure=failure)
    done = threading.Event()

    def restart_redis():
        while not done.wait(1.5):
            own_redis.kill()
            own_redis.start()

    if crash:
        threading.Thread(target=restart_redis, daemon=True).start()
    statuses = collections.Counter(storm(weirs, clients=200, exchanges=EXCHANGES))
    done.set()
    store_is(weirs, True)
    entries = [settled(weir, "everybody") for weir in weirs]
    used = sum(entry["used"] for entry in entries)
    apart = collections.Counter()
    for weir in weirs:
        for key in settled(weir, "each")["usage"]:
            apart[key["key"]] += key["used"]
    wait_until(lambda: sum(len(weir.access_log()) for weir in weirs) >= EXCHANGES, "a line for each exchange", timeout=60)
    lines = [line for weir in weirs for line in weir.access_log()]
    charged = {line["request_id"]: line.get("weir.limit.charged", 0) for line in lines}
    estimated = {line["request_id"] for line in lines if line.get("weir.limit.estimated")}
    ledger = {line["id"]: line for line in mock.ledger()["lines"]}
    print(statuses, {"used": used, "limit": total})

    assert statuses[200] > EXCHANGES / 10, statuses
    bound = {"closed": 1, "local": count if crash else 1, "open": EXCHANGES}[failure]
    assert used <= bound * total and all(key <= bound * each for key in apart.values()), (used, apart)
    for identity, line in ledger.items():
        if identity not in estimated and line["complete"]:
            assert charged[identity] == line["input"] + line["output"], identity
    assert used == sum(charged.values()) == sum(apart.values())
    wait_until(lambda: own_redis.granted("truth") == 2 * used, "leases to be given back", timeout=20)
    if not crash:
        assert statuses[429] > EXCHANGES / 20, statuses

