# pith.bash - what bash offers after `pith` and the tabulator key.
#
# `pith help --completion WORD...` lists what may follow these words: word,
# letter, value and meaning, with tabulators between them.

_pith() {
    local cur=${COMP_WORDS[COMP_CWORD]} word letter value wanted=
    local is_command=no # rather than a group of them, or help
    local -a before=("${COMP_WORDS[@]:1:COMP_CWORD - 1}") offered=()
    # bash takes --name=value apart at the sign.
    if [ "$cur" = = ]; then
        cur=
    elif [ "${before[-1]-}" = = ]; then
        unset 'before[-1]'
    fi
    while IFS=$'\t' read -r word letter value _; do
        [ "$word" != --help ] || is_command=yes
        if [ "$value" != - ] &&
            [[ ${before[-1]-} == "$word" || ${before[-1]-} == "$letter" ]]; then
            wanted=$value
        elif [[ $cur == -* || $word != -* || ${#before[@]} -eq 0 ]]; then
            offered+=("$word")
        fi
    done < <("$1" help --completion "${before[@]}" 2>/dev/null)

    COMPREPLY=()
    case $wanted in
    *'|'*) mapfile -t COMPREPLY < <(compgen -W "${wanted//|/ }" -- "$cur") ;;
    DIR)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
    '')
        mapfile -t COMPREPLY < <(compgen -W "${offered[*]}" -- "$cur") ;;&
    FILE | '')
        if [[ ${#COMPREPLY[@]} -eq 0 && ${#before[@]} -gt 0 &&
              $is_command = yes ]]; then
            compopt -o filenames 2>/dev/null
            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        fi ;;
    esac
}

complete -F _pith pith
