"""A certificate authority of a test's own, made with the openssl program."""
import ssl
import subprocess


class Authority:
    def __init__(self, folder, name="Weir Test CA"):
        self.folder = folder
        self.key, self.certificate = folder / "ca.key", folder / "ca.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                "-keyout", self.key, "-out", self.certificate)

    def server(self, *names, days=2):
        """An SSLContext for a server that is called `names` (DNS names or IP addresses)."""
        stem = names[0].replace("*", "_")
        key, request, certificate = (self.folder / f"{stem}.{suffix}" for suffix in ("key", "csr", "pem"))
        alternative = ",".join(f"{'IP' if name[0].isdigit() else 'DNS'}:{name}" for name in names)
        extension = self.folder / f"{stem}.ext"
        extension.write_text(f"subjectAltName={alternative}\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={names[0]}", "-keyout", key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial", "-days", days,
                "-extfile", extension, "-out", certificate)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        return context


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Issued:
    """A certificate and its key, as files and as PEM."""

    def __init__(self, key, certificate):
        self.key, self.certificate = key, certificate

    @property
    def pem(self):
        return self.certificate.read_text()

    @property
    def key_pem(self):
        return self.key.read_text()


def issue(authority, stem, *names, subject=None, days=2, kind="ec", uris=(), extensions=()):
    """A certificate of `authority` for DNS names, addresses and URIs."""
    folder = authority.folder
    key, request, certificate, extension = (folder / f"{stem}.{suffix}" for suffix in ("key", "csr", "pem", "ext"))
    alternative = [f"{'IP' if name[0].isdigit() else 'DNS'}:{name}" for name in names] + [f"URI:{uri}" for uri in uris]
    extension.write_text((f"subjectAltName={','.join(alternative)}\n" if alternative else "") + "\n".join(["basicConstraints=CA:FALSE", *extensions]) + "\n")
    how = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if kind == "ec" else ["-newkey", "rsa:2048"]
    openssl("req", *how, "-nodes", "-subj", subject or f"/CN={stem}", "-keyout", key, "-out", request)
    openssl("x509", "-req", "-in", request, "-CA", authority.certificate, "-CAkey", authority.key, "-CAcreateserial",
            "-days", days, "-extfile", extension, "-out", certificate)
    return Issued(key, certificate)


def expired(authority, stem, *names):
    """One whose time is over."""
    issued = issue(authority, stem, *names)
    openssl("x509", "-req", "-in", authority.folder / f"{stem}.csr", "-CA", authority.certificate, "-CAkey", authority.key,
            "-CAcreateserial", "-days", "-1", "-out", issued.certificate)
    return issued
