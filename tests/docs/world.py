"""The three clouds as the pages speak of them: one account of AWS, one tenant of Azure and one
project of Google, all of them fakes, behind the clouds' own host names."""

import json
import os
import re
import shlex
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from fences import ROOT

sys.path.insert(0, str(ROOT / "tests" / "cloudsim"))

from azure_cloud import CLIENT as AZURE_CLIENT  # noqa: E402
from azure_cloud import SECRET as AZURE_SECRET  # noqa: E402
from azure_cloud import AzureCloud  # noqa: E402
from azure_events import DIRECTORY, TENANT, AzureSpec  # noqa: E402
from client import KEY_ID, SECRET, CloudSim  # noqa: E402
from clock import CloudClock  # noqa: E402
from front import Front  # noqa: E402
from gcp_cloud import GcpCloud  # noqa: E402
from gcp_events import GcpSpec  # noqa: E402
from gcp_token import Account, GcpLogin  # noqa: E402
from scenario import ScenarioSpec  # noqa: E402

# What the pages call theirs.
ACCOUNT = "111122223333"
PROJECT = "payroll-live"
READER = f"auditbridge@{PROJECT}.iam.gserviceaccount.com"
# What each cloud has; happened long enough ago that the cloud shows all of it.
AWS_EVENTS, AZURE_EVENTS, GCP_EVENTS = 120, 40, 150
HOURS = 5
LOGIN = ("laptop.apps.googleusercontent.com", "planted-laptop", "planted-refresh")
FASTER = 10


class World:
    """with World(program) as world: the fakes run; world.environment(folder) leads there."""

    def __init__(self, program: Path) -> None:
        now = time.time()
        span = {"start": int(now) - HOURS * 3600, "seconds": 3600, "stragglers": 0}
        self.program = program
        self.aws = CloudSim(
            ScenarioSpec(events=AWS_EVENTS, account=ACCOUNT, region="eu-west-2", **span),
            ScenarioSpec(events=AWS_EVENTS // 2, account=ACCOUNT, seed=2, **span),
            now=now, rate=1, limit=0)
        self.azure = AzureCloud(AzureSpec(events=AZURE_EVENTS, streams=(TENANT, DIRECTORY),
                                          **span), now, tick_s=0)
        self.gcp = GcpCloud(GcpSpec(events=GCP_EVENTS, parents=(f"projects/{PROJECT}",), **span),
                            now, tick_s=0)
        for sim in (self.azure, self.gcp):
            sim.clock = CloudClock(now, 1)
        self.google = GcpLogin(self.gcp.now)

    def __enter__(self) -> "World":
        self._stack = ExitStack()
        for fake in (self.aws, self.azure, self.gcp, self.google):
            self._stack.enter_context(fake)
        tokens = self.google.tokens
        tokens.logins = {LOGIN[2]: LOGIN[:2]}
        tokens.accounts = {READER: Account(READER, {}, {"*"})}
        self.gcp.tokens = tokens
        self.front = self._stack.enter_context(Front({
            "*.eu-west-2.amazonaws.com": self.aws.endpoint,
            "*.us-east-1.amazonaws.com": self.aws.endpoint,
            "login.microsoftonline.com": self.azure.endpoint,
            "management.azure.com": self.azure.endpoint,
            "graph.microsoft.com": self.azure.endpoint,
            "oauth2.googleapis.com": self.google.origin,
            "iamcredentials.googleapis.com": self.google.origin,
            "logging.googleapis.com": self.gcp.endpoint,
            "cloudresourcemanager.googleapis.com": self.gcp.endpoint}))
        self.tools = Path(self._stack.enter_context(
            tempfile.TemporaryDirectory(prefix="auditbridge-docs-bin-")))
        self._add_program()
        return self

    def __exit__(self, *problem: object) -> None:
        self._stack.__exit__(*problem)  # type: ignore[arg-type]

    def _add_program(self) -> None:
        """`auditbridge` on the path: the one under test, whose waits for quotas are short."""
        speed = ""
        fasttime = self.program.parent / "tests" / "fasttime.so"
        if fasttime.exists():
            speed = (f"env LD_PRELOAD={shlex.quote(str(fasttime))} FASTTIME={FASTER} "
                     "ASAN_OPTIONS=verify_asan_link_order=0 ")
        script = self.tools / "auditbridge"
        script.write_text(f'#!/bin/sh\nexec {speed}{shlex.quote(str(self.program))} "$@"\n')
        script.chmod(0o700)

    def trusting(self, configuration: str) -> str:
        """The page's configuration, and in every source what trusts the proxy: all that a
        reader behind a proxy that opens TLS would add, too."""
        trust = f"ca_file: {self.front.ca_file}"
        block = re.sub(r"(?m)^( +)(provider: .*)$", rf"\1\2\n\1{trust}", configuration)
        return block.replace("{provider:", f"{{{trust}, provider:")

    def environment(self, folder: Path) -> dict[str, str]:
        """What the fences for the clouds' own programs leave behind: credentials."""
        login = folder / ".config" / "gcloud" / "application_default_credentials.json"
        login.parent.mkdir(parents=True)
        login.write_text(json.dumps({
            "type": "impersonated_service_account", "delegates": [],
            "service_account_impersonation_url": "https://iamcredentials.googleapis.com/v1/"
            f"projects/-/serviceAccounts/{READER}:generateAccessToken",
            "source_credentials": {"type": "authorized_user", "client_id": LOGIN[0],
                                   "client_secret": LOGIN[1], "refresh_token": LOGIN[2]}}))
        login.chmod(0o600)
        return {"PATH": f"{self.tools}:{os.environ['PATH']}", "HOME": str(folder), "TZ": "UTC",
                "HTTPS_PROXY": self.front.url, "AWS_EC2_METADATA_DISABLED": "true",
                "AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET,
                "AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": AZURE_CLIENT,
                "AZURE_CLIENT_SECRET": AZURE_SECRET}
