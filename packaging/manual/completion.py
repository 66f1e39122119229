"""The bash completion: commands, their parts and options, and what an option's value may be."""
import re

FILES, FOLDERS, ANY = "<files>", "<folders>", "<any>"
HEAD = "# bash completion of auditbridge. Written by scripts/manual from what --help prints: change that.\n"
BODY = """\

# What may stand behind the words so far: a command, a part or option of it, or a value.
_auditbridge()
{
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local command=${COMP_WORDS[1]-} wanted
    if [ "$COMP_CWORD" -eq 1 ]; then
        command=auditbridge before=''
    elif [ "$COMP_CWORD" -gt 2 ] && [ -n "${_auditbridge_words["$command ${COMP_WORDS[2]}"]-}" ]; then
        command="$command ${COMP_WORDS[2]}"
    fi
    if [ "$before" = = ]; then # --option=value comes in three words
        before=${COMP_WORDS[COMP_CWORD - 2]}
    elif [ "$word" = = ]; then
        word=''
    fi
    wanted=${_auditbridge_values["$command $before"]-}
    if [ -z "$wanted" ]; then
        wanted=${_auditbridge_words["$command"]-}
        case $word in
            -*) wanted=${wanted//<*>/} ;;
            *) [[ $wanted != *'<'* ]] || wanted=${wanted##* } ;;
        esac
    fi

    COMPREPLY=()
    case $wanted in
        '<files>') mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
        '<folders>') mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
        '<any>') ;;
        *) mapfile -t COMPREPLY < <(compgen -W "$wanted" -- "$word") ;;
    esac
    [[ $wanted != '<f'* ]] || compopt -o filenames 2>/dev/null
}
complete -F _auditbridge auditbridge
"""


def listed(text):
    """The words of "ecs (default) or ocsf: the event", or of "whose they are: a, b, c"."""
    for side in (text.partition(":")[0], text.partition(": ")[2]):
        words = re.split(r", | or ", side.replace(" (default)", ""))
        if len(words) > 1 and all(re.fullmatch(r"[a-z0-9.-]+", word) for word in words):
            return " ".join(words)
    return ""


def value_of(flag, value, text):
    """What may stand behind an option: files, folders, words, or any text."""
    if value == "FILE":
        return FILES
    if value == "DIR":
        return FOLDERS
    if not value.isupper():
        return value.replace("|", " ")
    said = [listed(sense) for term, sense in text.options if term.startswith(f"{flag} ")]
    return "".join(said) or ANY


def operand(forms):
    """Whether a file or a folder may stand by itself, outside of any option."""
    bare = " ".join(re.sub(r"--[a-z-]+ [A-Z|a-z]+", "", form) for form in forms)
    return [FILES] if re.search(r"\bFILE\b", bare) else [FOLDERS] if "_DIR" in bare else []


def words_of(text):
    """(command, its words) of a command, and of each part that shares its help."""
    name = " ".join(text.words)
    if not text.parts:
        yield name, [*text.flags(), "--help", *operand(text.usage)]
        return
    yield name, [*(part for part, _ in text.parts), "--help"]
    for part, _ in text.parts:
        forms = [form for form in text.usage if text.is_form(form, part)]
        yield f"{name} {part}", [*text.flags(part), "--help", *operand(forms)]


def values_of(text):
    """(command, option, what its value may be)."""
    for name, _ in words_of(text):
        for flag, value in text.flags().items():
            if value:
                yield name, flag, value_of(flag, value, text)


def array(name, rows):
    lines = "".join(f'    ["{key}"]="{value}"\n' for key, value in sorted(rows.items()))
    return f"\ndeclare -gA {name}=(\n{lines})\n"


def write(overall, commands):
    words = {"auditbridge": " ".join([*(word for word, _ in overall.parts), "--help", "--version"])}
    values = {}
    for text in commands:  # a part with a help of its own comes behind its command
        words.update((name, " ".join(own)) for name, own in words_of(text))
        values.update((f"{name} {flag}", found) for name, flag, found in values_of(text))
    providers = values["map --provider"]  # which one command lists and the others take
    for key in values:
        if key.endswith(" --provider"):
            values[key] = providers
    return HEAD + array("_auditbridge_words", words) + array("_auditbridge_values", values) + BODY
