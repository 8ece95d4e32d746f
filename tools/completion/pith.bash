# pith.bash - what bash offers after `pith` and the tabulator key.
#
# Commands, options and the words that an option takes are read from `pith
# help`, so that they are always those of the program at hand.

# Lines "option value" of a command; the value is missing for flags.
_pith_options() {
    "$1" help $2 2>/dev/null | sed -n -E \
        -e 's/^  (-., |    )(--[a-z-]+) ([^ ]*\|[^ ]*|[A-Z][A-Z,]*)( .*)?$/\2 \3/p' -e t \
        -e 's/^  (-., |    )(--[a-z-]+)(  .*)?$/\2/p'
}

_pith_commands() {
    "$1" help 2>/dev/null | sed -n -E 's/^  ([a-z]+( [a-z]+)?)  .*/\1/p'
}

# The command that the words name: "align requests" rather than "align".
_pith_command() {
    if _pith_commands "$1" | grep -qxF -- "$2 $3"; then
        echo "$2 $3"
    else
        echo "$2"
    fi
}

# The value that the option in front of the cursor takes, empty when none.
_pith_value_of() {
    local program=$1 command=$2 option=$3
    case $option in
    --*) _pith_options "$program" "$command" ;;
    -?)  # a letter: its line of the help names the option
        "$program" help $command 2>/dev/null | sed -n -E \
            "s/^  $option, --[a-z-]+ ([^ ]*\|[^ ]*|[A-Z][A-Z,]*)( .*)?\$/$option \1/p" ;;
    esac | while read -r name value; do
        if [ "$name" = "$option" ]; then
            echo "$value"
            break
        fi
    done
}

_pith() {
    local program=$1 cur=${COMP_WORDS[COMP_CWORD]} value
    local command previous=${COMP_WORDS[COMP_CWORD - 1]}
    COMPREPLY=()
    command=$(_pith_command "$program" "${COMP_WORDS[1]}" "${COMP_WORDS[2]-}")
    if [ "$COMP_CWORD" -eq 1 ] || [ "${COMP_WORDS[1]}" = help ]; then
        mapfile -t COMPREPLY < <(compgen -W \
            "$(_pith_commands "$program" | sed 's/ .*//') --help --version $([ "${COMP_WORDS[1]}" != help ] || echo all)" \
            -- "$cur" | sort -u)
        return
    fi
    if [ "$COMP_CWORD" -eq 2 ] && [[ $cur != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_pith_commands "$program" |
            sed -n "s/^${COMP_WORDS[1]} //p")" -- "$cur")
        [ ${#COMPREPLY[@]} -eq 0 ] || return
    fi
    # bash takes --name=value apart at the sign.
    if [ "$cur" = = ]; then
        cur=
    elif [ "$previous" = = ]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    value=$(_pith_value_of "$program" "$command" "$previous")
    case $value in
    *'|'*) mapfile -t COMPREPLY < <(compgen -W "${value//|/ }" -- "$cur") ;;
    DIR)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
    FILE | '')
        if [ -z "$value" ] && [[ $cur == -* ]]; then
            mapfile -t COMPREPLY < <(compgen -W \
                "$(_pith_options "$program" "$command" | cut -d' ' -f1)" -- "$cur")
        else
            compopt -o filenames 2>/dev/null
            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        fi ;;
    esac
}

complete -F _pith pith
