# bash completion of auditbridge. Written by scripts/manual from what --help prints: change that.

declare -gA _auditbridge_words=(
    ["auditbridge"]="run check map explain sources state dlq mappings --help --version"
    ["check"]="--live --send --config --mappings --help"
    ["dlq"]="list show replay purge --help"
    ["dlq list"]="--sink --source --format --config --mappings --help"
    ["dlq purge"]="--sink --source --all --older-than --yes --config --mappings --help"
    ["dlq replay"]="--sink --source --all --config --mappings --help"
    ["dlq show"]="--config --mappings --help"
    ["explain"]="--provider --packs --mappings --help <files>"
    ["map"]="--provider --format --ocsf-version --account --packs --mappings --summary --help <files>"
    ["mappings"]="coverage lint list test diff --help"
    ["mappings coverage"]="--provider --catalog --scope --priority --packs --mappings --verbose --undecided --sample --seed --output --help"
    ["mappings diff"]="--provider --catalog --help <folders>"
    ["mappings lint"]="--catalog --provider --packs --mappings --help"
    ["mappings list"]="--provider --principle --service --packs --mappings --output --help"
    ["mappings test"]="--provider --packs --mappings --help"
    ["run"]="--once --max-runtime --config --dry-run --from --to --source --mappings --summary --log-level --log-format --debug --help"
    ["sources"]="--config --format --filter --help"
    ["state"]="show export import reset retire --help"
    ["state export"]="--config --format --help"
    ["state import"]="--config --format --help <files>"
    ["state reset"]="--to --skip --yes --config --format --help"
    ["state retire"]="--config --format --help"
    ["state show"]="--config --format --help"
)

declare -gA _auditbridge_values=(
    ["check --config"]="<files>"
    ["check --mappings"]="<folders>"
    ["dlq --config"]="<files>"
    ["dlq --format"]="text json"
    ["dlq --mappings"]="<folders>"
    ["dlq --older-than"]="<any>"
    ["dlq --sink"]="<any>"
    ["dlq --source"]="<any>"
    ["dlq list --config"]="<files>"
    ["dlq list --format"]="text json"
    ["dlq list --mappings"]="<folders>"
    ["dlq list --older-than"]="<any>"
    ["dlq list --sink"]="<any>"
    ["dlq list --source"]="<any>"
    ["dlq purge --config"]="<files>"
    ["dlq purge --format"]="text json"
    ["dlq purge --mappings"]="<folders>"
    ["dlq purge --older-than"]="<any>"
    ["dlq purge --sink"]="<any>"
    ["dlq purge --source"]="<any>"
    ["dlq replay --config"]="<files>"
    ["dlq replay --format"]="text json"
    ["dlq replay --mappings"]="<folders>"
    ["dlq replay --older-than"]="<any>"
    ["dlq replay --sink"]="<any>"
    ["dlq replay --source"]="<any>"
    ["dlq show --config"]="<files>"
    ["dlq show --format"]="text json"
    ["dlq show --mappings"]="<folders>"
    ["dlq show --older-than"]="<any>"
    ["dlq show --sink"]="<any>"
    ["dlq show --source"]="<any>"
    ["explain --mappings"]="<folders>"
    ["explain --packs"]="<folders>"
    ["explain --provider"]="aws-cloudtrail azure-activity entra-audit entra-signin gcp-audit"
    ["map --account"]="<any>"
    ["map --format"]="ecs raw ocsf"
    ["map --mappings"]="<folders>"
    ["map --ocsf-version"]="1.1.0 1.3.0 1.8.0"
    ["map --packs"]="<folders>"
    ["map --provider"]="aws-cloudtrail azure-activity entra-audit entra-signin gcp-audit"
    ["mappings --catalog"]="<files>"
    ["mappings --principle"]="<any>"
    ["mappings --provider"]="aws-cloudtrail azure-activity entra-audit entra-signin gcp-audit"
    ["mappings --service"]="<any>"
    ["mappings coverage --catalog"]="<files>"
    ["mappings coverage --mappings"]="<folders>"
    ["mappings coverage --output"]="json"
    ["mappings coverage --packs"]="<folders>"
    ["mappings coverage --principle"]="<any>"
    ["mappings coverage --priority"]="<any>"
    ["mappings coverage --provider"]="aws-cloudtrail azure-activity entra-audit entra-signin gcp-audit"
    ["mappings coverage --sample"]="<any>"
    ["mappings coverage --scope"]="<files>"
    ["mappings coverage --seed"]="<any>"
    ["mappings coverage --service"]="<any>"
    ["mappings diff --catalog"]="<files>"
    ["mappings diff --principle"]="<any>"
    ["mappings diff --provider"]="aws-cloudtrail azure-activity entra-audit entra-signin gcp-audit"
    ["mappings diff --service"]="<any>"
    ["mappings lint --catalog"]="<files>"
    ["mappings lint --mappings"]="<folders>"
    ["mappings lint --packs"]="<folders>"
    ["mappings lint --principle"]="<any>"
    ["mappings lint --provider"]="aws-cloudtrail azure-activity entra-audit entra-signin gcp-audit"
    ["mappings lint --service"]="<any>"
    ["mappings list --catalog"]="<files>"
    ["mappings list --mappings"]="<folders>"
    ["mappings list --output"]="json"
    ["mappings list --packs"]="<folders>"
    ["mappings list --principle"]="<any>"
    ["mappings list --provider"]="aws-cloudtrail azure-activity entra-audit entra-signin gcp-audit"
    ["mappings list --service"]="<any>"
    ["mappings test --catalog"]="<files>"
    ["mappings test --mappings"]="<folders>"
    ["mappings test --packs"]="<folders>"
    ["mappings test --principle"]="<any>"
    ["mappings test --provider"]="aws-cloudtrail azure-activity entra-audit entra-signin gcp-audit"
    ["mappings test --service"]="<any>"
    ["run --config"]="<files>"
    ["run --from"]="<any>"
    ["run --log-format"]="<any>"
    ["run --log-level"]="error warn info debug"
    ["run --mappings"]="<folders>"
    ["run --max-runtime"]="<any>"
    ["run --source"]="<any>"
    ["run --to"]="<any>"
    ["sources --config"]="<files>"
    ["sources --format"]="text json"
    ["state --config"]="<files>"
    ["state --format"]="json"
    ["state --to"]="<any>"
    ["state export --config"]="<files>"
    ["state export --format"]="json"
    ["state export --to"]="<any>"
    ["state import --config"]="<files>"
    ["state import --format"]="json"
    ["state import --to"]="<any>"
    ["state reset --config"]="<files>"
    ["state reset --format"]="json"
    ["state reset --to"]="<any>"
    ["state retire --config"]="<files>"
    ["state retire --format"]="json"
    ["state retire --to"]="<any>"
    ["state show --config"]="<files>"
    ["state show --format"]="json"
    ["state show --to"]="<any>"
)

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
