"""A manual page of section 1 for the program, a command, or a part of one."""
import pathlib
import re

import roff

CONFIG = ("auditbridge.yaml",
          "the configuration, in the working directory unless --config names another; the "
          "package's is /etc/auditbridge/auditbridge.yaml. See auditbridge.yaml(5).")
STATE = ("auditbridge.db",
         "the store, beside the configuration unless that names another place: how far each "
         "source has come, and which events were delivered. It must outlive the process.")
PACKS = ("../share/auditbridge/mappings",
         "the shipped mapping packs, seen from the program's own folder. A program that was "
         "built and not installed uses mappings in its source tree.")


def placeholders(text):
    """Words in capitals that the usage or the options use for a value."""
    shown = " ".join([*text.usage, *(term for term, _ in text.options)])
    return set(re.findall(r"\b[A-Z][A-Z_]*\b", shown))


def name(text):
    summary = text.summary.rstrip(".")
    return roff.heading("NAME") + roff.fill(f"{roff.escape(text.page)} \\- {roff.escape(summary)}")


def synopsis(text):
    out = [roff.heading("SYNOPSIS")]
    for form in text.usage:
        command = " ".join(["auditbridge", *text.words])
        # A form of "state show" is found on the page of "state".
        rest = re.sub(r"^ ([a-z]+)(?= |$)", r" `\1`", form[len(command):])
        out.append(f".SY {roff.escape('auditbridge')}\n")
        words = roff.bold(" ".join(text.words)) if text.words else ""
        out.append(roff.fill((words + roff.styled(rest, placeholders(text))).strip()) + ".YS\n")
    return "".join(out)


def description(text):
    paragraphs = [roff.fill(roff.styled(prose, placeholders(text))) for prose in text.prose]
    return roff.heading("DESCRIPTION") + ".PP\n".join(paragraphs) if paragraphs else ""


def table(title, rows, text):
    """Terms and their texts; a term is a word of the program, or an option with its value."""
    if not rows:
        return ""
    out = [roff.heading(title)]
    for term, sense in rows:
        shown = roff.styled(term, placeholders(text)) if "--" in term else roff.bold(term)
        out.append(roff.item(shown, roff.styled(sense, placeholders(text))))
    return "".join(out)


def environment(text):
    if text.words and text.words[0] not in ("run", "check", "dlq"):
        return ""  # asks no cloud and no sink
    out = [roff.heading("ENVIRONMENT")]
    listed = (pathlib.Path(__file__).parent / "environment.txt").read_text(encoding="ascii")
    for block in listed.strip().split("\n\n"):
        names, _, sense = block.partition(":\n")
        terms = [roff.bold(word) for word in names.replace("\n", " ").split(", ")]
        out.append(roff.item(terms, roff.styled(" ".join(sense.split()))))
    return "".join(out)


def files(text):
    named = [CONFIG, STATE] if not text.words or "--config" in text.flags() else []
    rows = [(roff.italic(path), roff.styled(sense)) for path, sense in [*named, PACKS]]
    return roff.heading("FILES") + "".join(roff.item(*row) for row in rows)


def see_also(text, overall, commands):
    pages = [f"\\%{roff.bold(other.page)}(1)" for other in [overall, *commands]
             if other.page != text.page]
    pages.append(f"\\%{roff.bold('auditbridge.yaml')}(5)")
    return roff.heading("SEE ALSO") + ",\n".join(pages) + "\n"


def write(text, overall, commands):
    return "".join([
        '.\\" Written by scripts/manual from what --help prints: change that.\n',
        roff.title(text.page, 1, text.version),
        name(text), synopsis(text), description(text),
        table("COMMANDS", text.parts, text), table("OPTIONS", text.options, text),
        table("EXIT STATUS", text.exits, text),
        environment(text), files(text), see_also(text, overall, commands)])
