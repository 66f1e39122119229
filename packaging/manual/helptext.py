"""Reads what --help prints: usage, prose, tables of parts and options, exit statuses."""
import re
import subprocess
from dataclasses import dataclass, field


@dataclass
class Help:
    words: list        # ["mappings", "lint"]; [] for the program itself
    summary: str
    version: str
    usage: list = field(default_factory=list)    # each form on one line
    prose: list = field(default_factory=list)    # paragraphs, as they come
    parts: list = field(default_factory=list)    # (word, text)
    options: list = field(default_factory=list)  # (term, text)
    exits: list = field(default_factory=list)    # (status, text)

    @property
    def page(self):
        return "-".join(["auditbridge", *self.words])

    def flags(self, part=None):
        """Each long option, with its value's name; or, for a part, those that are not another's."""
        forms = [form for form in self.usage if part is None or self.is_form(form, part)]
        others = "".join(form for form in self.usage if form not in forms)
        found = {}
        for text in [*forms, *(term for term, _ in self.options)]:
            for flag, value in re.findall(r"(--[a-z-]+)(?: ([A-Z]+|[a-z]+(?:\|[a-z]+)*)\b)?", text):
                if text in forms or flag not in others:
                    found[flag] = found.get(flag) or value
        return found

    def is_form(self, form, part):
        return form.startswith(" ".join(["auditbridge", *self.words, part]))


def squeeze(lines):
    return re.sub(r"\s+", " ", " ".join(lines)).strip()


def table(lines):
    """Rows of "term  text" whose text may go on in deeper lines."""
    rows = []
    for line in lines:
        row = re.match(r" {0,2}(\S.*?) {2,}(\S.*)$", line)
        if row:
            rows.append([row[1], [row[2]]])
        elif re.match(r" {3}", line):
            rows[-1][1].append(line)
        else:
            raise ValueError(f"neither a row nor the rest of one: {line}")
    return [(term, squeeze(text)) for term, text in rows]


def usages(lines):
    """Forms of use: a line that does not begin with the program goes on with the last."""
    forms = []
    for line in lines:
        text = line[len("Usage: "):]
        if text.startswith("auditbridge"):
            forms.append([text])
        else:
            forms[-1].append(text)
    return [squeeze(form) for form in forms]


def statuses(text):
    parts = re.split(r"[;,] (?=[012] )", text.rstrip("."))
    return [tuple(part.split(" ", 1)) for part in parts]


def parse(text, words, summary, version):
    read = Help(words, summary, version)
    for block in re.split(r"\n\n+", text.strip("\n")):
        lines = block.split("\n")
        if block.startswith("Usage: "):
            read.usage += usages(lines)
        elif block.startswith("  -"):
            read.options += table(lines)
        elif re.match(r"( {2})?[a-z]+ {2,}\S", block):
            read.parts += table(lines)
        else:
            prose, found, exits = squeeze(lines).partition("Exit status: ")
            read.prose += [prose.strip()] if prose.strip() else []
            read.exits += statuses(exits) if found else []
    if not read.usage or not read.exits:
        raise ValueError(f"{words}: --help shows no usage, or no exit status")
    return read


def run(program, *words):
    return subprocess.run([program, *words, "--help"], capture_output=True, text=True,
                          timeout=60, check=True).stdout


def ask(program):
    """The help of the program, and of each command and each part that has one of its own."""
    title, _, rest = run(program).partition("\n")
    version, summary = re.fullmatch(r"auditbridge (\S+): (.*)", title).groups()
    overall = parse(rest, [], summary, version)
    commands = []
    for word, text in overall.parts:
        own = run(program, word)
        command = parse(own, [word], text, version)
        commands.append(command)
        for part, sense in command.parts:
            of_part = run(program, word, part)
            if of_part != own:
                commands.append(parse(of_part, [word, part], sense, version))
    return overall, commands
