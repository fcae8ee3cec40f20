"""Peers with TLS on one side. An nginx on the load's core speaks TLS for the load generator, or for the provider, which know
none; what it costs is nobody's: only the peer's own CPU is counted. Connections are kept on every side."""
import os
import subprocess

import peers
from processes import Child, free_port, wait_for_port

HELPER = """\
worker_processes 1;
worker_rlimit_nofile {files};
daemon off;
{user}
pid {dir}/helper.pid;
error_log {dir}/helper.log warn;
events {{ worker_connections {connections}; }}
http {{
    client_body_temp_path {dir}/h1; proxy_temp_path {dir}/h2; fastcgi_temp_path {dir}/h3; uwsgi_temp_path {dir}/h4; scgi_temp_path {dir}/h5;
    access_log off;
    upstream next {{ server 127.0.0.1:{next}; keepalive 64; keepalive_requests 1000000000; keepalive_timeout 600s; }}
    keepalive_requests 1000000000; keepalive_timeout 600s;
    client_max_body_size 100m; client_body_buffer_size 128k;
    server {{
        listen 127.0.0.1:{port}{ssl} backlog=4096;
        {certificate}
        location / {{
            proxy_pass {scheme}://next;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_ssl_name localhost; proxy_ssl_server_name on;
            proxy_buffering off; proxy_buffer_size 64k; proxy_buffers 8 64k; proxy_busy_buffers_size 64k;
            proxy_read_timeout 600s;
        }}
    }}
}}
"""


def make_certificate(folder):
    """A self-signed certificate for localhost: (certificate, key) as paths."""
    key, certificate = f"{folder}/tls.key", f"{folder}/tls.crt"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
                   check=True, capture_output=True)
    return certificate, key


class Tls:
    """Starts the helper beside the peer: before it ("from" clients) or behind it ("to" the provider)."""
    side = "from"
    helper = None

    def launch(self, core=1):
        self.gateway_port = 0
        super().launch(core)
        return self.child

    def helper_command(self, port, behind):
        from_client = self.side == "from"
        path = f"{self.folder}/helper.conf"
        with open(path, "w") as f:
            f.write(HELPER.format(dir=self.folder, files=self.files, connections=self.files * 5 // 4, port=port, next=behind,
                                  user="user root;" if os.geteuid() == 0 else "", ssl="" if from_client else " ssl",
                                  scheme="https" if from_client else "http",
                                  certificate="" if from_client else f"ssl_certificate {self.certificate}; ssl_certificate_key {self.key};"))
        return [peers.Nginx.binary(), "-c", path, "-p", self.folder, "-e", f"{self.folder}/helper.log"]

    def command(self):
        self.certificate, self.key = make_certificate(self.folder)
        self.helper_port = free_port()
        behind = self.port if self.side == "from" else self.origin
        self.helper = Child(self.helper_command(self.helper_port, behind), core=0, stdout=subprocess.DEVNULL, priority=peers.PRIORITY)
        plain = self.origin
        if self.side == "to":
            self.origin = self.helper_port
        try:
            return super().command()
        finally:
            self.origin = plain

    def start(self, core=1):
        super().start(core)
        wait_for_port(self.helper_port, self.helper)

    def stop(self):
        super().stop()
        if self.helper:
            self.helper.stop()
            self.helper = None

    def address(self):
        """Where the load goes; the peer's own port is named by own_address()."""
        return f"127.0.0.1:{self.helper_port if self.side == 'from' else self.port}"

    def own_address(self):
        return f"127.0.0.1:{self.port}"


class NginxTlsFrom(Tls, peers.Nginx):
    name = "nginx-tls-from"

    def template(self):
        return peers.NGINX.replace("listen 127.0.0.1:{port} backlog=4096;",
                                   "listen 127.0.0.1:{port} ssl backlog=4096; ssl_protocols TLSv1.2 TLSv1.3;\n"
                                   f"        ssl_certificate {self.certificate}; ssl_certificate_key {self.key};")


class NginxTlsTo(Tls, peers.Nginx):
    name, side = "nginx-tls-to", "to"

    def template(self):
        return peers.NGINX.replace("proxy_pass http://provider;",
                                   "proxy_pass https://provider; proxy_ssl_name localhost; proxy_ssl_server_name on;\n"
                                   f"            proxy_ssl_verify on; proxy_ssl_trusted_certificate {self.certificate}; "
                                   "proxy_ssl_protocols TLSv1.2 TLSv1.3;")


def indented(path):
    with open(path) as f:
        return "".join(f"    {line}" for line in f)


class WeirTlsFrom(Tls, peers.Weir):
    name = "weir-tls-from"

    def configuration(self):
        text = super().configuration().replace("{name: http, protocol: HTTP, port: 1975}",
                                               "{name: https, protocol: HTTPS, port: 1975, tls: {certificateRefs: [{name: cert}]}}")
        return (text + "apiVersion: v1\nkind: Secret\nmetadata: {name: cert}\nstringData:\n"
                f"  tls.crt: |\n{indented(self.certificate)}  tls.key: |\n{indented(self.key)}---\n")


class WeirTlsTo(Tls, peers.Weir):
    name, side = "weir-tls-to", "to"

    def configuration(self):
        policy = ("apiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata: {name: tls}\nspec:\n  targetRefs:\n"
                  "    - {group: gateway.envoyproxy.io, kind: Backend, name: openai}\n"
                  "  validation: {hostname: localhost, caCertificateRefs: [{group: '', kind: ConfigMap, name: ca}]}\n---\n"
                  f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: ca}}\ndata:\n  ca.crt: |\n{indented(self.certificate)}---\n")
        return super().configuration() + policy


ALL = (NginxTlsFrom, WeirTlsFrom, NginxTlsTo, WeirTlsTo)
