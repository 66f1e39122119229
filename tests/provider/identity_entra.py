"""azure/identity.h against a fake Entra ID, IMDS and App Service: identity_entra.py DRIVER

The driver's assertions are verified by PyJWT, an implementation of its own. Every run
also looks for planted secrets in what it said.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
from datetime import timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cloudsim"))

import jwt  # noqa: E402
from azure_login import AzureLogin  # noqa: E402
from azure_token import EXCHANGE, JWT_BEARER, App, Federated, Identity  # noqa: E402
from cryptography import x509  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: E402
from cryptography.hazmat.primitives.serialization import (  # noqa: E402
    BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat, load_pem_private_key,
    pkcs12)

DRIVER = ""
TENANT = "11111111-2222-3333-4444-555555555555"
CLIENT = "99999999-8888-7777-6666-000000000000"
SECRET = "planted+/=~secret&x"
PASSWORD = "planted password"
HEADER = "planted-identity-header"
ARM, GRAPH = "https://management.azure.com", "https://graph.microsoft.com"
ISSUER, SUBJECT = "https://cluster.example/", "system:serviceaccount:audit:bridge"
WORLD: dict[str, Path] = {}


def make_certificate(folder: Path, name: str, *key: str) -> Path:
    """A self-signed certificate and its key in one PEM file."""
    pem = folder / f"{name}.pem"
    subprocess.run(("openssl", "req", "-x509", "-nodes", "-days", "30", "-subj", f"/CN={name}",
                    *key, "-keyout", str(folder / f"{name}.key"), "-out",
                    str(folder / f"{name}.crt")), check=True, capture_output=True)
    pem.write_bytes((folder / f"{name}.key").read_bytes() +
                    (folder / f"{name}.crt").read_bytes())
    return pem


def make_world(folder: Path) -> None:
    """Every shape of a certificate's file."""
    for name, key in (("good", ("-newkey", "rsa:2048")), ("other", ("-newkey", "rsa:2048")),
                      ("small", ("-newkey", "rsa:1024")),
                      ("ec", ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"))):
        WORLD[name] = make_certificate(folder, name, *key)
    key_pem, cert_pem = ((folder / f"good.{end}").read_bytes() for end in ("key", "crt"))
    key = load_pem_private_key(key_pem, None)
    certificate = x509.load_pem_x509_certificate(cert_pem)
    other = x509.load_pem_x509_certificate((folder / "other.crt").read_bytes())
    sealed = BestAvailableEncryption(PASSWORD.encode())
    files = {
        "reversed": cert_pem + key_pem,
        "chain_first": (folder / "other.crt").read_bytes() + cert_pem + key_pem,
        "encrypted": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealed) + cert_pem,
        "traditional": key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL,
                                         NoEncryption()) + cert_pem,
        "pfx": pkcs12.serialize_key_and_certificates(b"x", key, certificate, [other], sealed),
        "pfx_open": pkcs12.serialize_key_and_certificates(b"x", key, certificate, None,
                                                          NoEncryption()),
        "no_key": cert_pem, "no_certificate": key_pem, "junk": b"\0\1\2 nothing of use",
        "foreign": key_pem + (folder / "other.crt").read_bytes(), "empty": b"",
    }
    for name, data in files.items():
        WORLD[name] = folder / name
        WORLD[name].write_bytes(data)
    WORLD["folder"] = folder


class Driver:
    """One run of the driver; its process and its files end with the `with`."""

    def __init__(self, settings: dict[str, object], environment: dict[str, str]) -> None:
        self.settings, self.environment = settings, environment
        self.said = ""

    def __enter__(self) -> "Driver":
        self._file = tempfile.NamedTemporaryFile("w", suffix=".json")
        json.dump(self.settings, self._file)
        self._file.flush()
        self._errors = tempfile.TemporaryFile("w+")
        # Only what a sanitizer needs of this process's own environment.
        clean = {name: value for name, value in os.environ.items() if name.endswith("_OPTIONS")}
        self._process = subprocess.Popen(
            (DRIVER, self._file.name), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self._errors, text=True, env={**clean, **self.environment})
        return self

    def ask(self, command: str) -> str:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline().rstrip("\n")
        self.said += "" if line.startswith("token ") else line + "\n"
        return line

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        argv = Path(f"/proc/{self._process.pid}/cmdline").read_bytes().decode()
        self._process.stdin.close()
        status = self._process.wait(timeout=60)
        self._process.stdout.close()
        self._errors.seek(0)
        self.log = self._errors.read()
        self._errors.close()
        self._file.close()
        everything = self.log + self.said + argv
        for secret in (SECRET, PASSWORD, HEADER, "cloudsim.", "PRIVATE KEY", "eyJ"):
            assert secret not in everything, f"a secret was shown: {everything}"
        assert status == 0, self.log

    def chosen(self) -> list[dict[str, str]]:
        lines = [json.loads(line) for line in self.log.splitlines() if line[:1] == "{"]
        return [line for line in lines if line["event"] == "credentials.found"]


class Case(unittest.TestCase):
    """A fake login service whose application knows every proof."""

    def setUp(self) -> None:
        self.ahead_s = 0.0
        self.login = self.enterContext(AzureLogin(lambda: time.time() + self.ahead_s))
        self.tokens = self.login.tokens
        self.signer = rsa.generate_private_key(65537, 2048)
        self.app = App(CLIENT, TENANT, {SECRET: None}, [WORLD["good"].read_bytes()],
                       [Federated(ISSUER, SUBJECT, self.signer.public_key())])
        self.tokens.apps[CLIENT] = self.app
        self.tokens.identities = [Identity("sys-client", "sys-object")]
        self.base = {"authority": self.login.authority, "ca_file": str(self.login.ca_file)}
        self.who = {**self.base, "tenant_id": TENANT, "client_id": CLIENT}

    def enterContext(self, manager):  # Python 3.11 has it; 3.10 does not
        result = manager.__enter__()
        self.addCleanup(manager.__exit__, None, None, None)
        return result

    def driver(self, settings: dict[str, object], **environment: str) -> Driver:
        return Driver(settings, environment)

    def assert_token(self, line: str, audience: str = ARM) -> None:
        self.assertTrue(line.startswith("token "), line)
        self.assertIsNone(self.tokens.problem("Bearer " + line[6:], audience))

    def write_token(self, **claims: object) -> Path:
        now = int(time.time() + self.ahead_s)
        path = WORLD["folder"] / "federated"
        path.write_text(jwt.encode({"iss": ISSUER, "sub": SUBJECT, "aud": EXCHANGE,
                                    "iat": now, "exp": now + 3600, **claims},
                                   self.signer, "RS256") + "\n")
        return path


class Secrets(Case):
    def test_secret_is_sent_as_it_is(self) -> None:
        with self.driver({**self.who, "client_secret": SECRET}) as driver:
            self.assertEqual(driver.ask("open"), "name client secret")
            self.assert_token(driver.ask(f"token {ARM}"))
        self.assertEqual(self.tokens.requests, [{
            "": "entra", "tenant": TENANT, "content-type": "application/x-www-form-urlencoded",
            "client_id": CLIENT, "scope": ARM + "/.default",
            "grant_type": "client_credentials", "client_secret": SECRET}])

    def test_each_audience_has_its_token_and_is_asked_for_once(self) -> None:
        with self.driver({**self.who, "client_secret": SECRET}) as driver:
            for _ in range(3):
                driver.ask("open")
                self.assert_token(driver.ask(f"token {ARM}"), ARM)
                self.assert_token(driver.ask(f"token {GRAPH}"), GRAPH)
        self.assertEqual(self.tokens.counts["entra"], 2)
        self.assertEqual(len(driver.chosen()), 1)
        self.assertEqual(driver.chosen()[0]["from"], "configuration")

    def test_token_that_ends_mid_run_is_renewed_before(self) -> None:
        with self.driver({**self.who, "client_secret": SECRET}) as driver:
            driver.ask("open")
            first = driver.ask(f"token {ARM}")
            for _ in range(6):
                driver.ask("advance 1200")
                self.ahead_s += 1200
                self.assert_token(driver.ask(f"token {ARM}"))
            self.assertNotEqual(driver.ask(f"token {ARM}"), first)
        self.assertEqual(self.tokens.counts["issued"], 3)

    def test_refused_token_is_replaced_at_once_and_once(self) -> None:
        with self.driver({**self.who, "client_secret": SECRET}) as driver:
            driver.ask("open")
            first = driver.ask(f"token {ARM}")
            self.tokens.revoke_all()
            second = driver.ask(f"refresh {ARM}")
            self.assertNotEqual(first, second)
            self.assert_token(second)
            self.assertEqual(driver.ask(f"token {ARM}"), second)
            driver.ask("open")  # another session, which was given the refused one
            self.assertEqual(driver.ask(f"refresh {ARM}"), second)

    def test_entra_out_of_order_while_the_old_token_is_good(self) -> None:
        with self.driver({**self.who, "client_secret": SECRET}) as driver:
            driver.ask("open")
            first = driver.ask(f"token {ARM}")
            self.app.secrets[SECRET] = 1
            driver.ask("advance 3400")
            self.assertEqual(driver.ask("ends client").strip(), "end")
            self.assertEqual(driver.ask(f"token {ARM}"), first)
            self.assertIn(f'{{cloud="azure",identity="client secret {CLIENT}"}}',
                          driver.ask("ends client"))
            driver.ask("advance 300")
            self.assertIn("AADSTS7000222", driver.ask(f"token {ARM}"))
        self.assertIn("credentials.stale", driver.log)

    def test_refresh_in_is_obeyed(self) -> None:
        self.tokens.refresh_s = 600
        with self.driver({**self.who, "client_secret": SECRET}) as driver:
            driver.ask("open")
            first = driver.ask(f"token {ARM}")
            driver.ask("advance 590")
            self.assertEqual(driver.ask(f"token {ARM}"), first)
            driver.ask("advance 20")
            self.assertNotEqual(driver.ask(f"token {ARM}"), first)

    def test_token_without_a_life_is_good_for_minutes(self) -> None:
        self.tokens.spoil = ["no_expiry"]
        with self.driver({**self.who, "client_secret": SECRET}) as driver:
            driver.ask("open")
            first = driver.ask(f"token {ARM}")
            self.assertEqual(driver.ask(f"token {ARM}"), first)
            driver.ask("advance 300")
            self.assertNotEqual(driver.ask(f"token {ARM}"), first)

    def test_refusal_says_what_to_do_and_is_not_repeated_by_every_source(self) -> None:
        rows = (
            ({"client_secret": "wrong"}, "AADSTS7000215", "secret's value, not its id"),
            ({"client_secret": SECRET, "tenant_id": "nobody.example"}, "AADSTS90002",
             "no such tenant"),
            ({"client_secret": SECRET, "client_id": "0-0"}, "AADSTS700016", "client_id"),
        )
        for more, code, text in rows:
            self.tokens.counts.clear()
            with self.subTest(code), self.driver({**self.who, **more}) as driver:
                for _ in range(5):
                    driver.ask("open")
                    line = driver.ask(f"token {ARM}")
                    self.assertTrue(line.startswith("error denied client secret of client"))
                    for part in (code, text, "trace 0f0f0f0f", "correlation 0a0a"):
                        self.assertIn(part, line)
                self.assertEqual(self.tokens.counts[code], 1)
                driver.ask("advance 31")
                driver.ask(f"token {ARM}")
                self.assertEqual(self.tokens.counts[code], 2)

    def test_entra_that_cannot_be_reached_is_not_asked_by_every_source(self) -> None:
        settings = {**self.who, "client_secret": SECRET, "authority": "https://127.0.0.1:1"}
        with self.driver(settings) as driver:
            for _ in range(5):
                driver.ask("open")
                self.assertIn("error unreachable 127.0.0.1", driver.ask(f"token {ARM}"))
        self.assertEqual(driver.log.count("request.retried"), 3)

    def test_page_of_a_proxy_is_no_token(self) -> None:
        self.tokens.spoil = ["html"]
        with self.driver({**self.who, "client_secret": SECRET}) as driver:
            driver.ask("open")
            self.assertIn("holds no access token", driver.ask(f"token {ARM}"))


class Certificates(Case):
    def test_every_shape_of_file_signs_ps256(self) -> None:
        for name in ("good", "reversed", "chain_first", "traditional", "encrypted", "pfx",
                     "pfx_open"):
            settings = {**self.who, "client_certificate": str(WORLD[name])}
            if name in ("encrypted", "pfx"):
                settings["client_certificate_password"] = PASSWORD
            with self.subTest(name), self.driver(settings) as driver:
                self.assertEqual(driver.ask("open"), "name client certificate")
                self.assert_token(driver.ask(f"token {ARM}"))

    def test_metrics_say_when_the_certificate_ends(self) -> None:
        end = x509.load_pem_x509_certificate(
            (WORLD["folder"] / "good.crt").read_bytes()).not_valid_after
        settings = {**self.who, "client_certificate": str(WORLD["good"])}
        with self.driver(settings) as driver:
            driver.ask("open")
            self.assert_token(driver.ask(f"token {ARM}"))
            name, _, value = driver.ask("ends certificate").rpartition(" ")
        self.assertEqual(name, "end auditbridge_credential_expiry_timestamp_seconds"
                         f'{{cloud="azure",identity="certificate {CLIENT}"}}')
        self.assertEqual(float(value), end.replace(tzinfo=timezone.utc).timestamp())

    def test_assertion_has_the_fields_of_microsofts(self) -> None:
        for more in ({}, {"certificate_algorithm": "RS256"}, {"send_certificate_chain": True},
                     {"certificate_algorithm": "RS256", "send_certificate_chain": True}):
            self.tokens.requests.clear()
            settings = {**self.who, "client_certificate": str(WORLD["chain_first"]), **more}
            with self.subTest(more), self.driver(settings) as driver:
                driver.ask("open")
                self.assert_token(driver.ask(f"token {ARM}"))
                form = self.tokens.requests[0]
                header = jwt.get_unverified_header(form["client_assertion"])
                claims = jwt.decode(form["client_assertion"],
                                    options={"verify_signature": False})
                self.assertEqual(form["client_assertion_type"], JWT_BEARER)
                self.assertNotIn("client_secret", form)
                is_rs256 = "certificate_algorithm" in more
                has_chain = "send_certificate_chain" in more
                self.assertEqual(set(header), {"alg", "typ", "x5t" if is_rs256 else "x5t#S256"} |
                                 ({"x5c"} if has_chain else set()))
                self.assertEqual(header["typ"], "JWT")
                self.assertEqual(len(header.get("x5c", [])), 2 if has_chain else 0)
                self.assertEqual(set(claims), {"aud", "iss", "sub", "jti", "nbf", "iat", "exp"})
                self.assertEqual(claims["exp"] - claims["nbf"], 600)
                self.assertRegex(claims["jti"], r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-"
                                 r"[89ab][0-9a-f]{3}-[0-9a-f]{12}$")

    def test_file_that_will_not_do_says_why_before_anything_is_sent(self) -> None:
        rows = (
            ("ec", "", "type EC, and Entra ID takes RSA keys only"),
            ("small", "", "1024 bits; 2048 are the least"),
            ("no_key", "", "holds no private key"),
            ("no_certificate", "", "holds no certificate"),
            ("foreign", "", "none of its certificates belongs to its key"),
            ("junk", "", "neither PEM nor PFX"),
            ("empty", "", "neither PEM nor PFX"),
            ("encrypted", "", "is encrypted; set client_certificate_password"),
            ("encrypted", "wrong", "password is not the one"),
            ("pfx", "", "is encrypted; set client_certificate_password"),
            ("pfx", "wrong", "password is not the one"),
            ("folder", "", "it is not a file"),
            ("missing", "", "No such file"),
        )
        for name, password, text in rows:
            path = str(WORLD.get(name, "/nowhere/at-all.pem"))
            settings = {**self.who, "client_certificate": path}
            if password:
                settings["client_certificate_password"] = password
            with self.subTest(name + password), self.driver(settings) as driver:
                line = driver.ask("open")
                self.assertTrue(line.startswith(f"error config client certificate {path}: "))
                self.assertIn(text, line)
        self.assertEqual(self.tokens.requests, [])

    def test_unregistered_certificate_is_told_with_its_end(self) -> None:
        settings = {**self.who, "client_certificate": str(WORLD["other"])}
        with self.driver(settings) as driver:
            driver.ask("open")
            line = driver.ask(f"token {ARM}")
            self.assertIn("AADSTS700027", line)
            self.assertIn("valid until 20", line)

    def test_clock_that_is_off_is_set_by_entras(self) -> None:
        for off in (-86400, 86400):
            settings = {**self.who, "client_certificate": str(WORLD["good"]),
                        "send_certificate_chain": off > 0}
            with self.subTest(off), self.driver(settings) as driver:
                driver.ask("open")
                driver.ask(f"wall {off}")
                self.assert_token(driver.ask(f"token {ARM}"))


class Federation(Case):
    def test_file_is_read_at_each_request(self) -> None:
        path = self.write_token()
        environment = {"AZURE_FEDERATED_TOKEN_FILE": str(path), "AZURE_TENANT_ID": TENANT,
                       "AZURE_CLIENT_ID": CLIENT,
                       "AZURE_AUTHORITY_HOST": self.login.authority + "/"}
        with self.driver({"ca_file": str(self.login.ca_file)}, **environment) as driver:
            self.assertEqual(driver.ask("open"), "name workload identity")
            self.assert_token(driver.ask(f"token {ARM}"))
            self.assertEqual(self.tokens.requests[0]["client_assertion"],
                             path.read_text().strip())
            self.ahead_s += 86400
            driver.ask("advance 86400")
            self.assertIn("AADSTS700024", driver.ask(f"token {ARM}"))
            self.write_token()
            driver.ask("advance 31")
            self.assert_token(driver.ask(f"token {ARM}"))
        self.assertEqual(driver.chosen()[0]["from"], "AZURE_FEDERATED_TOKEN_FILE")
        self.assertIn("the environment says where Entra ID is", driver.log)

    def test_mismatch_says_what_to_register(self) -> None:
        rows = (({"iss": "https://another.example"}, "AADSTS700211", "issuer"),
                ({"aud": "another"}, "AADSTS700212", EXCHANGE),
                ({"sub": "another"}, "AADSTS700213", "system:serviceaccount:"))
        for claims, code, text in rows:
            path = self.write_token(**claims)
            settings = {**self.who, "federated_token_file": str(path)}
            with self.subTest(code), self.driver(settings) as driver:
                driver.ask("open")
                line = driver.ask(f"token {ARM}")
                self.assertIn(code, line)
                self.assertIn(text, line)

    def test_file_that_is_none_says_how_to_mount_it(self) -> None:
        for data, text in ((None, "azure.workload.identity/use"), ("", "holds no token"),
                           ("not a token!\n", "holds no token")):
            path = WORLD["folder"] / "broken"
            path.unlink(missing_ok=True)
            if data is not None:
                path.write_text(data)
            settings = {**self.who, "federated_token_file": str(path)}
            with self.subTest(data), self.driver(settings) as driver:
                driver.ask("open")
                line = driver.ask(f"token {ARM}")
                self.assertTrue(line.startswith("error config federated token file"), line)
                self.assertIn(text, line)


class Managed(Case):
    def imds(self) -> dict[str, str]:
        return {"AZURE_POD_IDENTITY_AUTHORITY_HOST": self.login.metadata + "/"}

    def test_imds_is_asked_as_it_wants(self) -> None:
        with self.driver({}, **self.imds()) as driver:
            self.assertEqual(driver.ask("open"), "name managed identity (IMDS)")
            self.assert_token(driver.ask(f"token {ARM}"))
        self.assertEqual(self.tokens.requests, [{"": "imds", "api-version": "2018-02-01",
                                                 "resource": ARM}])

    def test_imds_that_is_starting_is_asked_again(self) -> None:
        for statuses in ([404, 410, 429], [503, 500], [410, 410, 404]):
            self.tokens.early = list(statuses)
            with self.subTest(statuses), self.driver({}, **self.imds()) as driver:
                driver.ask("open")
                self.assert_token(driver.ask(f"token {ARM}"))

    def test_long_token_is_renewed_at_half_its_life(self) -> None:
        self.tokens.life_s = 86400
        with self.driver({}, **self.imds()) as driver:
            driver.ask("open")
            first = driver.ask(f"token {ARM}")
            driver.ask("advance 43000")
            self.assertEqual(driver.ask(f"token {ARM}"), first)
            driver.ask("advance 300")
            self.assertNotEqual(driver.ask(f"token {ARM}"), first)

    def test_user_assigned_identity_is_named_by_any_of_its_ids(self) -> None:
        resource = "/subscriptions/s/resourcegroups/g/providers/Microsoft.ManagedIdentity/x"
        self.tokens.identities.append(Identity("user-client", "user-object", resource))
        self.tokens.identity_header = HEADER
        service = {"IDENTITY_ENDPOINT": self.login.metadata + "/msi/token",
                   "IDENTITY_HEADER": HEADER}
        rows = ((self.imds(), "imds", "msi_res_id"), (service, "app_service", "mi_res_id"))
        for environment, name, resource_name in rows:
            for settings, more, query in (
                    ({"client_id": "user-client"}, {}, {"client_id": "user-client"}),
                    ({}, {"AZURE_CLIENT_ID": "user-client"}, {"client_id": "user-client"}),
                    ({"managed_identity_object_id": "user-object"},
                     {"AZURE_CLIENT_ID": "another"}, {"object_id": "user-object"}),
                    ({"managed_identity_resource_id": resource}, {},
                     {resource_name: resource})):
                self.tokens.requests.clear()
                with self.subTest((name, query)), \
                        self.driver(settings, **environment, **more) as driver:
                    driver.ask("open")
                    self.assert_token(driver.ask(f"token {GRAPH}"), GRAPH)
                    asked = self.tokens.requests[0]
                    self.assertEqual(asked.pop(""), name)
                    asked.pop("api-version")
                    self.assertEqual(asked, {"resource": GRAPH, **query})

    def test_app_service_is_asked_with_its_header(self) -> None:
        self.tokens.identity_header = HEADER
        service = {"IDENTITY_ENDPOINT": self.login.metadata + "/msi/token",
                   "IDENTITY_HEADER": HEADER}
        with self.driver({}, **service) as driver:
            self.assertEqual(driver.ask("open"), "name managed identity (App Service)")
            self.assert_token(driver.ask(f"token {ARM}"))

    def test_identity_that_is_not_there_is_denied_and_not_repeated(self) -> None:
        with self.driver({"client_id": "nobody"}, **self.imds()) as driver:
            driver.ask("open")
            line = driver.ask(f"token {ARM}")
            self.assertIn("error denied managed identity (IMDS), as no credential is set: HTTP "
                          "400: ", line)
            self.assertIn("assign it", line)
        self.assertEqual(self.tokens.counts["metadata"], 1)

    def test_what_is_no_metadata_service_says_what_to_set(self) -> None:
        self.tokens.early = [403]
        with self.driver({}, **self.imds()) as driver:
            driver.ask("open")
            line = driver.ask(f"token {ARM}")
            self.assertTrue(line.startswith("error denied managed identity (IMDS), as no "
                                            "credential is set: HTTP 403: "), line)
            self.assertIn("set a secret, a certificate or a federated token", line)

    def test_app_service_that_refuses_its_header_says_so(self) -> None:
        with self.driver({}, IDENTITY_ENDPOINT=self.login.metadata + "/msi/token",
                         IDENTITY_HEADER=HEADER) as driver:
            driver.ask("open")
            self.assertIn("IDENTITY_HEADER was refused", driver.ask(f"token {ARM}"))

    def test_app_service_may_be_link_local_but_no_other_machine(self) -> None:
        with self.driver({}, IDENTITY_ENDPOINT="http://10.0.0.1/msi/token",
                         IDENTITY_HEADER=HEADER) as driver:
            driver.ask("open")
            self.assertIn("http is allowed only to this machine", driver.ask(f"token {ARM}"))


class Cli(Case):
    """The Azure CLI, played by a script that tells its arguments."""

    def play(self, body: str) -> dict[str, str]:
        folder = WORLD["folder"] / "bin"
        folder.mkdir(exist_ok=True)
        (folder / "az").write_text(f"#!/bin/sh\n{body}\n")
        (folder / "az").chmod(0o755)
        return {"PATH": f"{folder}:/usr/bin:/bin"}

    def test_az_is_run_by_its_arguments(self) -> None:
        said = WORLD["folder"] / "arguments"
        path = self.play(f'printf "%s\\n" "$@" >{said}; echo \'{{"accessToken": "a.b", '
                         f'"expires_on": {int(time.time()) + 3600}, "tenant": "t"}}\'')
        settings = {"credential": "azure-cli", "tenant_id": TENANT}
        with self.driver(settings, **path) as driver:
            self.assertEqual(driver.ask("open"), "name Azure CLI")
            self.assertEqual(driver.ask(f"token {ARM}"), "token a.b")
        self.assertEqual(said.read_text().split(), [
            "account", "get-access-token", "--output", "json", "--resource", ARM,
            "--tenant", TENANT])

    def test_az_that_gives_none_says_to_sign_in(self) -> None:
        for body, text in (("exit 1", "az login"), ("echo hello", "holds no access token")):
            with self.subTest(body), self.driver({}, AZURE_TOKEN_CREDENTIALS="dev",
                                                 **self.play(body)) as driver:
                driver.ask("open")
                line = driver.ask(f"token {ARM}")
                self.assertTrue(line.startswith("error "), line)
                self.assertIn(text, line)

    def test_az_that_is_not_there_says_to_install_it(self) -> None:
        with self.driver({"credential": "azure-cli"}, PATH="/nowhere") as driver:
            driver.ask("open")
            self.assertIn("install it", driver.ask(f"token {ARM}"))


class Choices(Case):
    """What decides, and that nothing else is tried."""

    def test_first_that_is_set_decides(self) -> None:
        good, path = str(WORLD["good"]), str(self.write_token())
        who = {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": CLIENT}
        secret, certificate = {"AZURE_CLIENT_SECRET": SECRET}, \
            {"AZURE_CLIENT_CERTIFICATE_PATH": good}
        federated = {"AZURE_FEDERATED_TOKEN_FILE": path}
        service = {"IDENTITY_ENDPOINT": "http://127.0.0.1:1/x", "IDENTITY_HEADER": HEADER}
        wanted = "AZURE_TOKEN_CREDENTIALS"
        rows = (
            ({}, {**who, **secret, **certificate, **federated, **service}, "client secret"),
            ({}, {**who, **certificate, **federated, **service}, "client certificate"),
            ({}, {**who, **federated, **service}, "workload identity"),
            ({}, {**who, **service}, "managed identity (App Service)"),
            ({}, {}, "managed identity (IMDS)"),
            ({}, {**who, "IDENTITY_ENDPOINT": "http://127.0.0.1:1/x"},
             "managed identity (IMDS)"),
            ({}, {"IDENTITY_ENDPOINT": "http://127.0.0.1:1/x", "IMDS_ENDPOINT": "x"},
             "managed identity (Azure Arc)"),
            ({"client_certificate": good}, {**who, **secret}, "client certificate"),
            ({"client_secret": "x"}, {**who, **service}, "client secret"),
            ({"credential": "workload-identity"}, {**who, **secret, **federated},
             "workload identity"),
            ({"credential": "managed-identity", "client_secret": "x"}, {**who, **service},
             "managed identity (App Service)"),
            ({}, {**who, **secret, wanted: "prod"}, "client secret"),
            ({}, {**who, **secret, **federated, wanted: "WorkloadIdentityCredential"},
             "workload identity"),
            ({}, {**who, **secret, **service, wanted: "managedidentitycredential"},
             "managed identity (App Service)"),
            ({}, {**who, **certificate, **federated, wanted: "EnvironmentCredential"},
             "client certificate"),
        )
        for settings, environment, name in rows:
            with self.subTest(name), self.driver(settings, **environment) as driver:
                self.assertEqual(driver.ask("open"), f"name {name}")

    def test_what_is_half_set_is_an_error_and_nothing_else_is_tried(self) -> None:
        who = {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": CLIENT}
        service = {"IDENTITY_ENDPOINT": "http://127.0.0.1:1/x", "IDENTITY_HEADER": HEADER}
        rows = (
            ({}, {"AZURE_CLIENT_SECRET": SECRET, **service}, "client_id is missing"),
            ({}, {"AZURE_CLIENT_SECRET": SECRET, "AZURE_CLIENT_ID": CLIENT},
             "tenant_id is missing; set it, or AZURE_TENANT_ID"),
            ({"credential": "client-secret"}, who, "client_secret is missing"),
            ({"credential": "client-certificate"}, who, "client_certificate is missing"),
            ({"credential": "workload-identity"}, {**who, **service},
             "label the pod azure.workload.identity/use"),
            ({"client_secret": SECRET, "tenant_id": "common"}, who, "one directory"),
            ({"client_secret": SECRET, "tenant_id": "a/b"}, who, "directory's id"),
            ({"client_secret": SECRET, "client_certificate": "x"}, who, "both set"),
            ({}, {"AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential", **service},
             "neither AZURE_CLIENT_SECRET nor"),
            ({}, {"AZURE_TOKEN_CREDENTIALS": "none"}, "must be prod, dev"),
            ({}, {**service, "IDENTITY_SERVER_THUMBPRINT": "x"}, "Service Fabric"),
            ({}, {"MSI_ENDPOINT": "http://127.0.0.1:1"}, "Cloud Shell"),
            ({}, {**who, "IDENTITY_ENDPOINT": "http://127.0.0.1:1/x", "IMDS_ENDPOINT": "x"},
             "Azure Arc has only"),
            ({"managed_identity_object_id": "a", "client_id": "b"}, {}, "named once"),
            ({"client_secret": SECRET}, {**who, "AZURE_AUTHORITY_HOST": "http://evil.example"},
             "AZURE_AUTHORITY_HOST: must begin with https://"),
            ({"client_secret": SECRET, "authority": "https://a.example/path"}, who,
             "without a path"),
        )
        for settings, environment, text in rows:
            with self.subTest(text), self.driver(settings, **environment) as driver:
                line = driver.ask("open")
                self.assertTrue(line.startswith("error config "), line)
                self.assertIn(text, line)


def setUpModule() -> None:
    folder = tempfile.TemporaryDirectory(prefix="identity-")
    unittest.addModuleCleanup(folder.cleanup)
    make_world(Path(folder.name))


if __name__ == "__main__":
    DRIVER = sys.argv.pop(1)
    unittest.main()
