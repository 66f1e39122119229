"""Our token requests and those of Microsoft's own client, field by field, at one fake.

identity_microsoft.py DRIVER FOLDER, where FOLDER is for npm's packages. SKIP (77) where
node, or the registry, is not to be had.
"""

import json
import os
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

import identity_entra as world
import jwt
from azure_token import Identity
from identity_entra import ARM, CLIENT, GRAPH, HEADER, SECRET, TENANT, WORLD

PACKAGE = "@azure/identity@4.13.1"
SCRIPT = Path(__file__).with_suffix(".js")
# How MSAL counts its users; nothing of it decides anything.
TELEMETRY = {"x-client-SKU", "x-client-VER", "x-client-OS", "x-client-CPU",
             "x-ms-lib-capability", "x-client-current-telemetry", "x-client-last-telemetry",
             "client-request-id", "X-AnchorMailbox", "return-client-request-id", "clidata"}
RESOURCE = "/subscriptions/s/resourcegroups/g/providers/Microsoft.ManagedIdentity/x"
FOLDER = Path()


def install(folder: Path) -> bool:
    """Puts the package into folder, once."""
    if (folder / "node_modules" / "@azure" / "identity").is_dir():
        return True
    if shutil.which("node") is None or shutil.which("npm") is None:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return subprocess.run(
            ("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix",
             str(folder), PACKAGE), capture_output=True, timeout=120).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def opened(assertion: str) -> tuple[dict, dict]:
    """Header and claims, without what differs at each use."""
    claims = jwt.decode(assertion, options={"verify_signature": False})
    begins = claims.pop("nbf")
    assert abs(claims.pop("iat") - begins) <= 1  # theirs reads the clock twice
    claims["exp"] -= begins
    claims["jti"] = [len(part) for part in claims["jti"].split("-")]
    return jwt.get_unverified_header(assertion), claims


class Microsoft(world.Case):
    def ask_theirs(self, kind: str, options: dict[str, object],
                   environment: dict[str, str]) -> None:
        told = {"authority": self.login.authority, "tenant": TENANT, "audience": ARM,
                **options}
        done = subprocess.run(
            ("node", str(SCRIPT), str(FOLDER / "node_modules"), kind, json.dumps(told)),
            capture_output=True, text=True, timeout=60,
            env={"PATH": os.environ["PATH"], "NODE_EXTRA_CA_CERTS": str(self.login.ca_file),
                 **environment})
        self.assertTrue(done.stdout.startswith("token "), done.stdout + done.stderr)

    def ask_ours(self, settings: dict[str, object], audience: str,
                 environment: dict[str, str]) -> None:
        with self.driver(settings, **environment) as driver:
            driver.ask("open")
            self.assert_token(driver.ask(f"token {audience}"), audience)

    def take_request(self) -> dict[str, object]:
        """The only request since the last time, without telemetry."""
        self.assertEqual(len(self.tokens.requests), 1)
        request = {name: value for name, value in self.tokens.requests.pop().items()
                   if name not in TELEMETRY}
        request["content-type"] = str(request.get("content-type", "")).split(";")[0]
        return request

    def compare(self, kind: str, theirs: dict[str, object], ours: dict[str, object],
                environment: dict[str, str] | None = None) -> None:
        self.ask_theirs(kind, theirs, environment or {})
        expected = self.take_request()
        self.ask_ours(ours, str(theirs.get("audience", ARM)), environment or {})
        found = self.take_request()
        if kind == "certificate":
            pairs = [opened(str(each.pop("client_assertion"))) for each in (expected, found)]
            self.assertEqual(pairs[1], pairs[0])
        self.assertEqual(found, expected)

    def test_secret(self) -> None:
        for audience in (ARM, GRAPH):
            self.compare("secret", {"client": CLIENT, "secret": SECRET, "audience": audience},
                         {**self.who, "client_secret": SECRET})

    def test_certificate(self) -> None:
        for name, chain in (("good", False), ("good", True)):
            with self.subTest((name, chain)):
                path = str(WORLD[name])
                self.compare("certificate",
                             {"client": CLIENT, "certificate": path, "chain": chain},
                             {**self.who, "client_certificate": path,
                              "send_certificate_chain": chain})

    def test_workload_identity(self) -> None:
        path = str(self.write_token())
        self.compare("workload", {"client": CLIENT, "file": path},
                     {**self.who, "federated_token_file": path})

    def test_managed_identities(self) -> None:
        self.tokens.identities.append(Identity("user-client", "user-object", RESOURCE))
        self.tokens.identity_header = HEADER
        imds = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": self.login.metadata}
        service = {"IDENTITY_ENDPOINT": self.login.metadata + "/msi/token",
                   "IDENTITY_HEADER": HEADER}
        rows = (({}, {}), ({"client": "user-client"}, {"client_id": "user-client"}),
                ({"object": "user-object"}, {"managed_identity_object_id": "user-object"}),
                ({"resource": RESOURCE}, {"managed_identity_resource_id": RESOURCE}))
        for environment in (imds, service):
            for theirs, ours in rows:
                with self.subTest((theirs, list(environment))):
                    self.compare("managed", theirs, ours, environment)


setUpModule = world.setUpModule

if __name__ == "__main__":
    FOLDER = Path(sys.argv.pop(2)).absolute()
    world.DRIVER = sys.argv.pop(1)
    if not install(FOLDER):
        print(f"SKIP: {PACKAGE} cannot be had from npm here")
        sys.exit(77)
    unittest.main()
