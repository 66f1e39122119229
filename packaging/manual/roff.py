"""The little of man(7) that the pages need."""
import re
import textwrap


def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    text = text.replace("'", "\\(aq").replace("`", "\\(ga").replace("^", "\\(ha")
    text = text.replace("~", "\\(ti")
    return "\\&" + text if text.startswith(".") else text


def bold(text):
    return f"\\fB{escape(text)}\\fR"


def italic(text):
    return f"\\fI{escape(text)}\\fR"


# In help: `code`, --option, and PLACEHOLDER where the text stands for a value.
MARKS = re.compile(r"`(?P<code>[^`]+)`|(?P<option>--[a-z][a-z-]*)|(?P<value>\b[A-Z][A-Z_]*\b)")


def styled(text, values=()):
    """Text with options in bold, and those of values that stand in it in italics."""
    out, end = [], 0
    for mark in MARKS.finditer(text):
        out.append(escape(text[end:mark.start()]))
        if mark["value"]:
            style = italic if mark["value"] in values else escape
            out.append(style(mark["value"]))
        else:
            out.append(bold(mark["code"] or mark["option"]))
        end = mark.end()
    return "".join([*out, escape(text[end:])])


def title(name, section, version):
    """No date: a page is the same whenever it is made."""
    return f'.TH {escape(name).upper()} {section} "" "auditbridge {version}" "auditbridge"\n'


def heading(text):
    return f".SH {text}\n" if " " not in text else f'.SH "{text}"\n'


def item(terms, text):
    """A term, or several, and what they mean; both are roff already."""
    first, *others = [terms] if isinstance(terms, str) else terms
    return f".TP\n{first}\n" + "".join(f".TQ\n{term}\n" for term in others) + fill(text)


def fill(text):
    """A paragraph, in lines of at most 78 characters."""
    lines = textwrap.wrap(text, 78, break_long_words=False, break_on_hyphens=False)
    return "".join(("\\&" if line.startswith(".") else "") + line + "\n" for line in lines)
