"""Strict JSON schemas for kubeconform, from the sources of Kubernetes and of the Prometheus Operator.

schemas.py FOLDER OPERATOR-VERSION KUBERNETES-VERSION...

Kubernetes publishes its API as api/openapi-spec/swagger.json in each release. Each kind that the
chart may make becomes FOLDER/VERSION/KIND-GROUP-VERSION.json, in which no unknown field is allowed.
"""
import json
import pathlib
import subprocess
import sys

import yaml

KINDS = {"ConfigMap", "CronJob", "Deployment", "NetworkPolicy", "PersistentVolumeClaim", "Pod", "Secret",
         "Service", "ServiceAccount"}
OPERATOR_KINDS = {"podmonitors", "prometheusrules", "servicemonitors"}
# What swagger says of these is not what the API takes.
SPECIAL = {
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"type": ["string", "integer"]},
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": ["string", "number"]},
}


def module(name, version):
    """The folder of a Go module's source."""
    found = subprocess.run(["go", "mod", "download", "-json", f"{name}@{version}"], check=True,
                           capture_output=True, text=True)
    return pathlib.Path(json.loads(found.stdout)["Dir"])


def strict(schema):
    """The same schema without descriptions, in which an object has the fields it lists and no other."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    result = {}
    for key, value in schema.items():
        if key in ("properties", "definitions"):
            result[key] = {name: strict(part) for name, part in value.items()}
        elif key not in ("description", "format", "default") and not key.startswith("x-"):
            result[key] = strict(value)
    is_open = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
    if "properties" in schema and not is_open:
        result["additionalProperties"] = False
    return result


def references(schema):
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"].removeprefix("#/definitions/")
        for part in schema.values():
            yield from references(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from references(part)


def needed(name, definitions):
    """The definitions that one uses, itself among them."""
    names, waiting = set(), [name]
    while waiting:
        name = waiting.pop()
        if name not in names:
            names.add(name)
            waiting += references(definitions[name])
    return {name: definitions[name] for name in sorted(names)}


def write(folder, kind, group, version, schema):
    parts = [kind.lower(), group.split(".")[0], version]
    path = folder / ("-".join(part for part in parts if part) + ".json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(schema))


def kubernetes(folder, version):
    swagger = module("k8s.io/kubernetes", version) / "api/openapi-spec/swagger.json"
    published = json.loads(swagger.read_text())["definitions"]
    definitions = {name: strict(schema) for name, schema in published.items()} | SPECIAL
    for name, schema in published.items():
        for kind in schema.get("x-kubernetes-group-version-kind", []):
            if kind["kind"] in KINDS:
                write(folder / version, kind["kind"], kind["group"], kind["version"],
                      {"allOf": [{"$ref": f"#/definitions/{name}"}, {"required": ["apiVersion", "kind", "metadata"]}],
                       "definitions": needed(name, definitions)})


def operator(folder, version):
    source = module("github.com/prometheus-operator/prometheus-operator", version)
    for plural in OPERATOR_KINDS:
        path = source / f"example/prometheus-operator-crd/monitoring.coreos.com_{plural}.yaml"
        resource = yaml.safe_load(path.read_text())["spec"]
        for served in resource["versions"]:
            write(folder / "operator", resource["names"]["kind"], resource["group"], served["name"],
                  strict(served["schema"]["openAPIV3Schema"]))


def main():
    folder, operator_version, *versions = sys.argv[1:]
    folder = pathlib.Path(folder)
    for version in versions:
        kubernetes(folder, version)
    operator(folder, operator_version)


if __name__ == "__main__":
    main()
