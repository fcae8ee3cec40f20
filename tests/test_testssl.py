"""testssl.sh on the HTTPS listener: nothing of severity MEDIUM or above."""
import json
import os
import shutil
import subprocess

import pytest

from harness import config as configs
from harness.certificates import Authority, issue

HARMLESS = ("OK", "INFO", "LOW", "DEBUG")
# What testssl says of the machine it runs on; and of tickets, for which it does not wait with TLS 1.3: its client, without input, is
# gone before they come in about half of all tries (test_tls_clients.py shows that they work).
OF_THE_TESTER = ("engine_problem", "scanTime", "sessionresumption_ticket")


@pytest.mark.timeout(300)
def test_testssl_finds_nothing(start, provide, folder):
    program = shutil.which("testssl")
    if not program:
        if os.environ.get("CI") == "true":
            pytest.fail("testssl is not installed: ./dev test")
        pytest.skip("testssl is not installed: ./dev test")
    (folder / "ca").mkdir()
    authority = Authority(folder / "ca")
    # Half a year, and a place for its revocation: what is judged is the listener, not a test's certificate.
    certificate = issue(authority, "localhost", "localhost", days=180, extensions=["crlDistributionPoints=URI:http://crl.invalid/ca.crl"])
    provider = provide()
    weir = start(config=configs.join(configs.gateway(configs.https("cert")), configs.tls_secret("cert", certificate),
                                     configs.route(configs.rule("provider")), *configs.provider("provider", provider.port)))
    port = weir.address.rsplit(":", 1)[1]
    report = folder / "report.json"
    # Protocols, ciphers, what the server prefers, forward secrecy, the certificate, and known attacks.
    done = subprocess.run([program, "--quiet", "--color", "0", "--warnings", "off", "--nodns", "none", "--ip", "127.0.0.1",
                           "--add-ca", str(authority.certificate), "-p", "-s", "-P", "-f", "-S", "-R", "-C", "-H", "-I", "-BB", "-W", "-O",
                           "-F", "-J", "-D", "-L", "-4", "--jsonfile", str(report), f"localhost:{port}"],
                          capture_output=True, text=True, timeout=280, stdin=subprocess.DEVNULL)
    found = json.loads(report.read_text())
    assert len(found) > 40, done.stdout + done.stderr
    wrong = [f"{entry['id']}: {entry['severity']}: {entry['finding']}" for entry in found
             if entry["severity"] not in HARMLESS and entry["id"] not in OF_THE_TESTER]
    assert wrong == [], done.stdout
    by_id = {entry["id"]: entry["finding"] for entry in found}
    assert by_id["TLS1_3"].startswith("offered")
    assert by_id["TLS1_1"] == by_id["TLS1"] == by_id["SSLv3"] == "not offered"
