"""A fake Resource Manager: lists, parents, rights and policies, asked as strictly as the real
one; and the shape in which Google's APIs refuse."""

import json
from collections import Counter
from urllib.parse import parse_qsl, urlsplit

ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"
LIST, PRIVATE = "logging.logEntries.list", "logging.privateLogEntries.list"
TOP = "organizations/1"   # above what no tree says the parent of


class Refusal(Exception):
    def __init__(self, status: int, name: str, reason: str = "",
                 metadata: dict[str, str] | None = None, message: str = "refused") -> None:
        super().__init__(name)
        self.status = status
        self.body: dict = {"error": {"code": status, "status": name, "message": message}}
        if reason:
            self.body["error"]["details"] = [{"@type": ERROR_INFO, "reason": reason,
                                              "domain": "googleapis.com",
                                              "metadata": metadata or {}}]


def denied(permission: str) -> Refusal:
    return Refusal(403, "PERMISSION_DENIED", "IAM_PERMISSION_DENIED", {"permission": permission})


class GcpManager:
    """names: whose logs there are; readable and private: of which of them this identity may
    read the log, and its data_access; gone: those that were deleted."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.tree: dict[str, dict] = {}            # name to {"parent", "id"?, "state"?}
        self.readable, self.private = set(names), set(names)
        self.gone: set[str] = set()
        self.audits: dict[str, list[dict]] = {}    # name to the auditConfigs of its policy
        self.hidden: set[str] = set()              # whose policy and parent may not be read
        self.untested: set[str] = set()            # whose rights may not be asked
        self.is_disabled = False                   # the API is not enabled
        self.counts: Counter[str] = Counter()

    def answer(self, method: str, target: str, body: dict | None) -> dict:
        if self.is_disabled:
            raise Refusal(403, "PERMISSION_DENIED", "SERVICE_DISABLED",
                          {"service": "cloudresourcemanager.googleapis.com",
                           "consumer": "projects/42"})
        url = urlsplit(target)
        name, _, verb = url.path.removeprefix("/v3/").partition(":")
        if method == "GET" and url.path in ("/v3/projects:search", "/v3/projects", "/v3/folders"):
            return self._list(url.path, dict(parse_qsl(url.query)))
        if url.query or name.count("/") != 1:
            raise Refusal(404, "NOT_FOUND")
        if (method, verb) == ("GET", ""):
            return self._get(name)
        if (method, verb) == ("POST", "testIamPermissions"):
            return self._test(name, body)
        if (method, verb) == ("POST", "getIamPolicy"):
            return self._policy(name, body)
        raise Refusal(404, "NOT_FOUND")

    def _exists(self, name: str) -> bool:
        above = {what["parent"] for what in self.tree.values()} | {TOP}
        return (name in self.names or name in self.tree or name in above) \
            and name not in self.gone

    def _get(self, name: str) -> dict:
        kind = name.split("/")[0]
        if name in self.hidden or not self._exists(name) or kind == "organizations":
            raise denied(f"resourcemanager.{kind}.get")   # so is what does not exist
        return {"name": name, "state": "ACTIVE",
                "parent": self.tree.get(name, {}).get("parent", TOP)}

    def _test(self, name: str, body: dict | None) -> dict:
        wanted = (body or {}).get("permissions")
        if body is None or set(body) != {"permissions"} or not isinstance(wanted, list) \
                or not wanted or not set(wanted) <= {LIST, PRIVATE}:
            raise Refusal(400, "INVALID_ARGUMENT")
        if name in self.untested or not self._exists(name):
            raise Refusal(403, "PERMISSION_DENIED", "IAM_PERMISSION_DENIED")
        held = {LIST: name in self.readable, PRIVATE: name in self.private}
        granted = [permission for permission in wanted if held[permission]]
        return {"permissions": granted} if granted else {}

    def _policy(self, name: str, body: dict | None) -> dict:
        if body != {"options": {"requestedPolicyVersion": 3}}:
            raise Refusal(400, "INVALID_ARGUMENT")
        if name in self.hidden or not self._exists(name):
            raise denied(f"resourcemanager.{name.split('/')[0]}.getIamPolicy")
        policy: dict = {"version": 1, "etag": "BwYx"}
        if name in self.audits:
            policy["auditConfigs"] = self.audits[name]
        return policy

    def _list(self, path: str, query: dict[str, str]) -> dict:
        """Two elements a page."""
        kind = "folders" if path == "/v3/folders" else "projects"
        self.counts[f"list_{kind}"] += 1
        elements = [
            {"name": name, "state": what.get("state", "ACTIVE"), "displayName": f"The {name}",
             "parent": what["parent"],
             **({"projectId": name.split("/")[1]} if kind == "projects" else {})}
            for name, what in sorted(self.tree.items()) if name.startswith(kind)
            and query.get("parent", what["parent"]) == what["parent"]]
        at = int(query.get("pageToken", "+0/=")[1:-2])
        body: dict = {kind: elements[at:at + 2]} if elements[at:at + 2] else {}
        if at + 2 < len(elements):
            body["nextPageToken"] = f"+{at + 2}/="
        return body


def audit_config(service: str, *types: str, exempted: tuple[str, ...] = ()) -> dict:
    """As a policy has it."""
    return json.loads(json.dumps({"service": service, "auditLogConfigs": [
        {"logType": kind, **({"exemptedMembers": list(exempted)} if exempted else {})}
        for kind in types]}))
