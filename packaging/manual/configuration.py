"""The manual page of section 5: every key of the configuration, from its JSON Schema."""
import json

import roff

EXAMPLE = """\
state: {path: /var/lib/auditbridge/state.db}
sinks:
  soc: {type: file, path: /var/lib/auditbridge/events.ndjson}
sources:
  prod-eu:
    provider: aws-cloudtrail
    account: "111122223333"
    region: eu-west-2
    sinks: [soc]
"""

DESCRIPTION = """
One YAML file says what is read and where it goes. Every key is known, or it is an error:
`auditbridge check` tells every mistake at once, with its line and what to do. Names of sinks
and sources are 1 to 63 of the characters a-z, 0-9 and -; the name of a source is its identity
in the store.
""".strip()

VALUES = """
A duration is a number with s, m, h or d: 90s. A size is a number with B, KiB, MiB or GiB:
4MiB. In any value, ${NAME} stands for a variable of the environment, and ${file:/path} for
what stands in a file, which is never shown. Aliases, anchors and tags of YAML are refused.
""".strip()


def choices(schema):
    return [word for case in schema.get("anyOf", [schema]) for word in case.get("enum", [])]


def sentence(schema):
    """What the schema says of a key: its sense, its words, and what holds when it is not said."""
    text = schema.get("description", "").rstrip(".")
    words = choices(schema)
    if not all(str(word) in text for word in words):
        text += f"{': ' if text else ''}{', '.join(map(str, words))}"
    if "default" in schema:
        text += f" (when not said: {schema['default']})"
    return f"{text}." if text else ""


def rows(properties, required, passed_over):
    out = []
    for name, schema in sorted(properties.items()):
        if name in passed_over:
            continue
        must = " (must be said)" if name in required else ""
        out.append(roff.item(roff.bold(name) + must, roff.styled(sentence(schema)) or "\\&"))
    return "".join(out)


def shared(cases):
    """Keys that every kind has, and means the same by."""
    first, *others = [case["then"]["properties"] for case in cases]
    return {name: schema for name, schema in first.items()
            if all(other.get(name) == schema for other in others)}


def kinds(title, entry, selector, intro):
    """The keys of sinks or sources: first those that all share, then of each kind its own."""
    cases = entry["allOf"]
    common = shared(cases)
    must = set.intersection(*[set(case["then"]["required"]) for case in cases])
    names = {"enum": entry["properties"][selector]["enum"]}
    if "sinks" in common:  # the schema cannot say it in a word
        common["sinks"] = {"description": "names of sinks; a map with name says more: required: "
                                          "false, or the principles that it gets"}
    out = [roff.heading(title), roff.fill(roff.styled(intro)),
           rows({selector: names, **common}, must, ())]
    for case in cases:
        kind = case["if"]["properties"][selector]["const"]
        out.append(f'.SS "{selector}: {roff.escape(kind)}"\n')
        own = rows(case["then"]["properties"], case["then"]["required"], {*common, selector})
        out.append(own or "Has no key of its own.\n")
    return "".join(out)


def top(properties):
    """Those of a map, such as state, stand as state.path."""
    told = {"mappings": "directories with packs of your own, read after the shipped ones",
            "sinks": "by name, what events are sent to", "sources": "by name, what is read"}
    flat = {}
    for name, schema in properties.items():
        if name in told:
            flat[name] = {"description": told[name]}
        elif "properties" in schema:
            flat.update((f"{name}.{key}", of) for key, of in schema["properties"].items())
        else:
            flat[name] = schema
    return rows(flat, ("sinks", "sources"), ())


def write(path, version):
    properties = json.loads(path.read_text(encoding="utf-8"))["properties"]
    example = "".join(f"{roff.escape(line)}\n" for line in EXAMPLE.splitlines())
    return "".join([
        '.\\" Written by scripts/manual from docs/schemas/config.schema.json: change that.\n',
        roff.title("auditbridge.yaml", 5, version),
        roff.heading("NAME"), "auditbridge.yaml \\- the configuration of auditbridge\n",
        roff.heading("DESCRIPTION"),
        roff.fill(roff.styled(DESCRIPTION)), ".PP\n", roff.fill(roff.styled(VALUES)),
        roff.heading("KEYS OF THE FILE"), top(properties),
        kinds("SINKS", properties["sinks"]["additionalProperties"], "type",
              "Each entry says by its type what kind of receiver it is."),
        kinds("SOURCES", properties["sources"]["additionalProperties"], "provider",
              "Each entry says by its provider which kind of audit log it is."),
        roff.heading("EXAMPLES"), ".EX\n", example, ".EE\n",
        roff.heading("FILES"),
        roff.item(roff.italic("/etc/auditbridge/auditbridge.yaml"),
                  "the configuration of the services that the package brings."),
        roff.item(roff.italic("sources.d/*.yaml"),
                  "beside the configuration: more sinks and sources, such as a file a tenant."),
        roff.heading("SEE ALSO"),
        f"{roff.bold('auditbridge')}(1),\n{roff.bold('auditbridge-check')}(1)\n"])
