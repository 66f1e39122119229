"""Our reading of profiles against botocore's: the same credentials, or a refusal by both.

    profile_botocore.py DRIVER

DRIVER is built from profile_driver.c. For each set of files botocore's own resolver says
which provider wins, with which keys and through which AssumeRole calls; its STS client is
replaced by one that writes down who called.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import botocore.credentials
import botocore.exceptions
import botocore.session
import botocore.utils

DRIVER = sys.argv.pop(1)
KEYS = "aws_access_key_id = AKIDONE\naws_secret_access_key = planted-one\n"
TWO = "aws_access_key_id = AKIDTWO\naws_secret_access_key = planted-two\n"
ARN = "arn:aws:iam::111122223333:role/"
PROCESS = """/bin/echo '{"Version":1,"AccessKeyId":"AKIDPROC","SecretAccessKey":"planted"}'"""

# name, config file, credentials file, profile (None: the default, searched for)
AGREED = [
    ("nothing at all", "", "", None),
    ("a default with a region only", "[default]\nregion = eu-west-2\n", "", None),
    ("keys in the credentials file", "", f"[default]\n{KEYS}", None),
    ("keys in the config file", f"[default]\n{KEYS}", "", None),
    ("credentials win over config", f"[default]\n{KEYS}", f"[default]\n{TWO}", None),
    ("a session token", "", f"[default]\n{KEYS}aws_session_token = planted-t\n", None),
    ("an old name of the token", "", f"[default]\n{KEYS}aws_security_token = planted-t\n",
     None),
    ("a named profile", f"[profile a]\n{KEYS}", "", "a"),
    ("a named profile in credentials", "", f"[a]\n{KEYS}", "a"),
    ("a section that is no profile", f"[a]\n{KEYS}", "", "a"),
    ("a profile that is not there", f"[profile b]\n{KEYS}", "", "a"),
    ("a quoted name", f"[profile \"a b\"]\n{KEYS}", "", "a b"),
    ("spaces, colons and case", "[default]\nAWS_Access_Key_Id:   AKIDONE   \n"
     "aws_secret_access_key=a=b:c#d ;e\n", "", None),
    ("comments and empty lines", f"# one\n\n[default]\n; two\n{KEYS}\n# three\n", "", None),
    ("a nested block", f"[default]\ns3 =\n  max_queue_size = 3\n  x = y\n{KEYS}", "", None),
    ("a role of another profile's keys",
     f"[profile a]\nrole_arn = {ARN}a\nsource_profile = b\n", f"[b]\n{KEYS}", "a"),
    ("every setting of a role",
     f"[profile a]\nrole_arn = {ARN}a\nsource_profile = b\nexternal_id = x-1\n"
     "role_session_name = us\nduration_seconds = 1800\n", f"[b]\n{KEYS}", "a"),
    ("a chain of roles", f"[profile a]\nrole_arn = {ARN}a\nsource_profile = b\n"
     f"[profile b]\nrole_arn = {ARN}b\nsource_profile = c\n"
     f"[profile c]\nrole_arn = {ARN}c\nsource_profile = d\n", f"[d]\n{KEYS}", "a"),
    ("a source with a role and keys", f"[profile a]\nrole_arn = {ARN}a\nsource_profile = b\n"
     f"[profile b]\nrole_arn = {ARN}b\nsource_profile = c\n{KEYS}[profile c]\n{TWO}", "", "a"),
    ("its own source", f"[profile a]\nrole_arn = {ARN}a\nsource_profile = a\n{KEYS}", "", "a"),
    ("its own source in two files", f"[profile a]\nrole_arn = {ARN}a\nsource_profile = a\n",
     f"[a]\n{KEYS}", "a"),
    ("its own source without keys", f"[profile a]\nrole_arn = {ARN}a\nsource_profile = a\n",
     "", "a"),
    ("a circle of two", f"[profile a]\nrole_arn = {ARN}a\nsource_profile = b\n"
     f"[profile b]\nrole_arn = {ARN}b\nsource_profile = a\n", "", "a"),
    ("a circle that does not hold the first",
     f"[profile a]\nrole_arn = {ARN}a\nsource_profile = b\n"
     f"[profile b]\nrole_arn = {ARN}b\nsource_profile = c\n"
     f"[profile c]\nrole_arn = {ARN}c\nsource_profile = b\n", "", "a"),
    ("a source that is not there", f"[profile a]\nrole_arn = {ARN}a\nsource_profile = b\n", "",
     "a"),
    ("a source without credentials",
     f"[profile a]\nrole_arn = {ARN}a\nsource_profile = b\n[profile b]\nregion = x\n", "", "a"),
    ("no source", f"[profile a]\nrole_arn = {ARN}a\n", "", "a"),
    ("no source beside keys", f"[profile a]\nrole_arn = {ARN}a\n{KEYS}", "", "a"),
    ("two sources", f"[profile a]\nrole_arn = {ARN}a\nsource_profile = b\n"
     "credential_source = Environment\n", f"[b]\n{KEYS}", "a"),
    ("the environment as source", f"[profile a]\nrole_arn = {ARN}a\n"
     "credential_source = Environment\n", "", "a"),
    ("an unknown source", f"[profile a]\nrole_arn = {ARN}a\ncredential_source = environment\n",
     "", "a"),
    ("a default that assumes a role", f"[default]\nrole_arn = {ARN}a\nsource_profile = b\n"
     f"[profile b]\n{KEYS}", "", None),
    ("a web identity", f"[profile a]\nrole_arn = {ARN}a\nweb_identity_token_file = TOKEN\n"
     "role_session_name = us\n", "", "a"),
    ("a web identity without its role", "[profile a]\nweb_identity_token_file = TOKEN\n", "",
     "a"),
    ("a web identity wins over keys", f"[profile a]\nrole_arn = {ARN}a\n"
     f"web_identity_token_file = TOKEN\n{KEYS}", "", "a"),
    ("a web identity as source", f"[profile a]\nrole_arn = {ARN}a\nsource_profile = b\n"
     f"[profile b]\nrole_arn = {ARN}b\nweb_identity_token_file = TOKEN\n", "", "a"),
    ("a program", f"[profile a]\ncredential_process = {PROCESS}\n", "", "a"),
    ("a program as source", f"[profile a]\nrole_arn = {ARN}a\nsource_profile = b\n"
     f"[profile b]\ncredential_process = {PROCESS}\n", "", "a"),
    ("credentials win over a program", f"[profile a]\ncredential_process = {PROCESS}\n",
     f"[a]\n{KEYS}", "a"),
    ("a program wins over config", f"[profile a]\ncredential_process = {PROCESS}\n{KEYS}", "",
     "a"),
    ("an id without its secret", "", "[a]\naws_access_key_id = AKIDONE\n", "a"),
    ("keys split over the files", "[profile a]\naws_secret_access_key = planted\n",
     "[a]\naws_access_key_id = AKIDONE\n", "a"),
    ("a section twice", f"[profile a]\n{KEYS}[profile a]\n{TWO}", "", "a"),
    ("a key twice", f"[profile a]\n{KEYS}{KEYS}", "", "a"),
    ("a key before any section", f"{KEYS}[profile a]\n", "", "a"),
    ("a line that is none", f"[profile a]\n{KEYS}what\n", "", "a"),
    ("a byte order mark", f"\ufeff[profile a]\n{KEYS}", "", "a"),
    ("a line end of Windows", f"[profile a]\n{KEYS}".replace("\n", "\r\n"), "", "a"),
    ("words behind a section", f"[profile a] # ours\n{KEYS}", "", "a"),
    ("an indented section", f"[profile a]\n{KEYS}\n[profile b]\n  region = x\n", "", "a"),
]
# botocore goes on, guesses or asks a person; we say what is wrong.
STRICTER = [
    ("a secret without its id", "", "[a]\naws_secret_access_key = planted\n", "a",
     "aws_access_key_id is missing"),
    ("MFA", f"[profile a]\nrole_arn = {ARN}a\nsource_profile = b\nmfa_serial = m\n",
     f"[b]\n{KEYS}", "a", "mfa_serial"),
    ("single sign-on", "[profile a]\nsso_start_url = https://x.example\nsso_region = r\n"
     "sso_account_id = 1\nsso_role_name = n\n", "", "a", "sign in"),
    ("a duration that is none", f"[profile a]\nrole_arn = {ARN}a\nsource_profile = b\n"
     "duration_seconds = an hour\n", f"[b]\n{KEYS}", "a", "900 to 43200"),
    ("a role over two lines", f"[profile a]\nrole_arn = {ARN}a\n  b\nsource_profile = b\n",
     f"[b]\n{KEYS}", "a", "in one line"),
    ("an empty source", f"[profile a]\nrole_arn = {ARN}a\nsource_profile =\n", "", "a",
     "must have a value"),
]


class FakeSts:
    """Gives credentials whose id tells who asked for what."""

    def __init__(self, caller: str) -> None:
        self._caller = caller

    def assume_role(self, **asked: object) -> dict:
        return self._answer("role", asked)

    def assume_role_with_web_identity(self, **asked: object) -> dict:
        return self._answer("web", asked)

    def _answer(self, kind: str, asked: dict) -> dict:
        if str(asked.get("RoleSessionName", "botocore")).startswith("botocore"):
            asked.pop("RoleSessionName", None)
        text = json.dumps([kind, asked, self._caller], sort_keys=True)
        return {"Credentials": {"AccessKeyId": text, "SecretAccessKey": "s", "SessionToken": "t",
                                "Expiration": "2099-01-01T00:00:00Z"}}


def botocore_says(profile: str | None) -> str:
    """The id of the credentials that botocore finds, "" for none, or "refused"."""
    def create(_: object, __: object = None):
        def client(service: str, **named: object) -> FakeSts:
            assert service == "sts"
            return FakeSts(str(named.get("aws_access_key_id", "nobody")))
        return client

    try:
        session = botocore.session.Session(profile=profile)
        with mock.patch.object(botocore.credentials, "_get_client_creator", create):
            found = session.get_credentials()
            if found is None:
                return ""
            frozen = found.get_frozen_credentials()
    except (botocore.exceptions.BotoCoreError, KeyError):
        return "refused"
    return f"{frozen.access_key}/{'' if found.method.startswith('assume') else frozen.token or ''}"


def we_say(profile: str | None) -> tuple[str, str]:
    """The same by our plan, and what was said on stderr."""
    done = subprocess.run([DRIVER, *([profile] if profile is not None else [])],
                          capture_output=True, text=True, timeout=10)
    if done.returncode == 1:
        return "refused", done.stderr
    assert done.returncode == 0, done.stderr
    plan = json.loads(done.stdout)
    caller, token = {
        "nothing": lambda: (None, ""),
        "keys": lambda: (plan["keys"][0], (plan["keys"] + [""])[2]),
        "environment": lambda: ("AKIDENV", ""),
        "process": lambda: ("AKIDPROC", ""),
        "web-identity": lambda: (asked_by(plan["web_role"], "web", "nobody"), ""),
    }[plan["kind"]]()
    if caller is None:
        return ("refused" if profile is not None else ""), "no credentials in it"
    for role in plan["roles"]:
        caller, token = asked_by(role, "role", caller), ""
    return f"{caller}/{token}", ""


def asked_by(role: dict, kind: str, caller: str) -> str:
    asked: dict[str, object] = {"RoleArn": role["arn"]}
    if kind == "web":
        asked["WebIdentityToken"] = "planted-web-token"
    if "session_name" in role:
        asked["RoleSessionName"] = role["session_name"]
    if "external_id" in role:
        asked["ExternalId"] = role["external_id"]
    if role["duration"]:
        asked["DurationSeconds"] = role["duration"]
    return json.dumps([kind, asked, caller], sort_keys=True)


class Profiles(unittest.TestCase):
    def setUp(self) -> None:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.config, self.credentials = folder / "config", folder / "credentials"
        self.token = folder / "token"
        self.token.write_text("planted-web-token")
        clean = {name: value for name, value in os.environ.items() if name[:4] != "AWS_"}
        self.enterContext(mock.patch.dict(os.environ, clean | {
            "AWS_CONFIG_FILE": str(self.config), "HOME": str(folder),
            "AWS_SHARED_CREDENTIALS_FILE": str(self.credentials),
            "AWS_EC2_METADATA_DISABLED": "true"}, clear=True))

    def write(self, config: str, credentials: str) -> None:
        self.config.write_text(config.replace("TOKEN", str(self.token)), newline="")
        self.credentials.write_text(credentials, newline="")

    def environment(self, config: str) -> dict[str, str]:
        """Keys for credential_source, which an automatic search would take first."""
        if "Environment" not in config:
            return {}
        return {"AWS_ACCESS_KEY_ID": "AKIDENV", "AWS_SECRET_ACCESS_KEY": "planted"}

    def compare(self, config: str, credentials: str, profile: str | None) -> str:
        self.write(config, credentials)
        with mock.patch.dict(os.environ, self.environment(config)):
            theirs = botocore_says(profile)
            ours, why = we_say(profile)
        if profile is not None and theirs == "":
            theirs = "refused"  # a profile that was asked for must have some
        self.assertEqual(ours, theirs, f"{config}\n--\n{credentials}\n--\n{why}")
        self.assertNotIn("planted", why)
        return ours

    def test_each_set_of_files_means_the_same_to_both(self) -> None:
        refused = 0
        for name, config, credentials, profile in AGREED:
            with self.subTest(name):
                refused += self.compare(config, credentials, profile) == "refused"
        self.assertGreater(refused, 10)
        self.assertGreater(len(AGREED) - refused, 20)

    def test_where_botocore_would_guess_or_ask_we_refuse_with_file_and_line(self) -> None:
        for name, config, credentials, profile, says in STRICTER:
            with self.subTest(name):
                self.write(config, credentials)
                ours, why = we_say(profile)
                self.assertEqual(ours, "refused")
                self.assertIn(says, why)
                self.assertRegex(why, r"profile a: /.*/(config|credentials):\d+: ")
                self.assertNotIn("planted", why)

    def test_the_environment_s_web_identity_stands_above_the_default_profile(self) -> None:
        self.write("", f"[default]\n{KEYS}")
        with mock.patch.dict(os.environ, {"AWS_ROLE_ARN": ARN + "pod",
                                          "AWS_WEB_IDENTITY_TOKEN_FILE": str(self.token)}):
            self.assertEqual(we_say(None)[0], botocore_says(None))
            self.assertIn("role/pod", botocore_says(None))

    def test_random_sets_of_profiles_mean_the_same_to_both(self) -> None:
        r = random.Random(20261124)
        refused = 0
        for _ in range(300):
            config, credentials = "", ""
            for name in "abcd":
                lines = [f"role_arn = {ARN}{name}\n"] * (r.random() < 0.6)
                lines += [f"source_profile = {r.choice('abcd')}\n"] * (r.random() < 0.6)
                lines += ["credential_source = Environment\n"] * (r.random() < 0.1)
                lines += [f"aws_access_key_id = AKID{name}\naws_secret_access_key = planted\n"
                          ] * (r.random() < 0.3)
                lines += ["web_identity_token_file = TOKEN\n"] * (r.random() < 0.1)
                lines += [f"credential_process = {PROCESS}\n"] * (r.random() < 0.1)
                r.shuffle(lines)
                if r.random() < 0.9:
                    config += f"[profile {name}]\n{''.join(lines)}"
                if r.random() < 0.3:
                    credentials += f"[{name}]\n{KEYS if r.random() < 0.7 else ''}"
            refused += self.compare(config, credentials, "a") == "refused"
        self.assertTrue(50 < refused < 250, refused)


if __name__ == "__main__":
    unittest.main()
