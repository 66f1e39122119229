"""A certificate authority and a server certificate for loopback, made at start."""

import ssl
import subprocess
from pathlib import Path

CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def openssl(*arguments: str) -> None:
    subprocess.run(("openssl", *arguments), check=True, capture_output=True)


def make(folder: Path, *names: str) -> Path:
    """Fills folder with ca.pem, server.pem and server.key; returns the CA's path. names: what
    the server is called besides localhost."""
    ca, ca_key = folder / "ca.pem", folder / "ca.key"
    request, extensions = folder / "server.csr", folder / "server.ext"
    openssl("req", "-x509", *CURVE, "-keyout", str(ca_key), "-out", str(ca), "-days", "2",
            "-subj", "/CN=cloudsim test authority", "-addext", "keyUsage=critical,keyCertSign")
    openssl("req", "-new", *CURVE, "-keyout", str(folder / "server.key"),
            "-out", str(request), "-subj", "/CN=localhost")
    more = "".join(f",DNS:{name}" for name in names)
    extensions.write_text(f"subjectAltName=DNS:localhost,IP:127.0.0.1{more}\n"
                          "basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n")
    openssl("x509", "-req", "-in", str(request), "-CA", str(ca), "-CAkey", str(ca_key),
            "-CAcreateserial", "-days", "2", "-extfile", str(extensions),
            "-out", str(folder / "server.pem"))
    ca_key.unlink()
    return ca


def server_context(folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    return context
