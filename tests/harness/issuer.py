"""Token endpoints of clouds, as imposters: what they are asked is remembered, what they answer is a function of how often they were asked."""
import json
import subprocess
import time

from harness import wire
from harness.provider import Provider

AWS_SECRET = "planted-session-secret-55d0"
AWS_TOKEN = "planted-session-token-0a91"


class Issuer(Provider):
    """`answer_with(request, number)` returns (status, document or text); the default issues "planted-token-N" for an hour."""

    def __init__(self, answer_with=None, life=3600, tls=None):
        self.count = 0
        self.life = life
        self.answer_with = answer_with or self.token
        super().__init__(self.issue, tls=tls)

    def token(self, request, number):
        return 200, {"access_token": f"planted-token-{number}", "expires_in": self.life, "token_type": "Bearer"}

    def issue(self, request, peer):
        self.count += 1
        status, document = self.answer_with(request, self.count)
        peer.send(wire.http_json(document, status) if isinstance(document, dict) else wire.http_body(document, status, "text/plain"))

    @property
    def host(self):
        return f"127.0.0.1:{self.port}"


def aws_session(number, life=3600):
    """The answer of container and instance metadata endpoints."""
    return {"AccessKeyId": f"ASIA{number}", "SecretAccessKey": AWS_SECRET, "Token": AWS_TOKEN,
            "Expiration": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + life))}


def service_account(token_uri, email="robot@project.iam.gserviceaccount.com"):
    """A key file, with a fresh key."""
    key = subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], check=True, capture_output=True, text=True).stdout
    return json.dumps({"type": "service_account", "project_id": "p", "private_key_id": "key-1", "private_key": key, "client_email": email,
                       "token_uri": token_uri})
