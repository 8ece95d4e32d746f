# pith.fish - what fish offers after `pith` and the tabulator key.
#
# `pith help --completion WORD...` lists what may follow these words: word,
# letter, value and meaning, with tabulators between them.

# Candidates for the value of an option, with what stands before it in the word.
function __pith_values -a value before text
    switch $value
        case '*|*'
            printf "$before%s\n" (string split '|' -- $value)
        case DIR
            printf "$before%s\n" (__fish_complete_directories $text)
        case FILE
            printf "$before%s\n" (__fish_complete_path $text)
    end
end

function __pith
    set -l before (commandline -opc)
    type -q $before[1]; or return
    set -l text (commandline -ct)
    set -l named (string match -r '^(--[^=]*)=(.*)$' -- $text)
    set -l found
    set -l is_command no # rather than a group of them, or help
    for row in ($before[1] help --completion $before[2..] 2>/dev/null)
        set -l fields (string split \t -- $row)
        if test $fields[1] = --help
            set is_command yes
        end
        if test "$fields[3]" != -
            if test "$fields[1]" = "$named[2]"
                __pith_values $fields[3] "$named[2]=" "$named[3]"
                return
            else if contains -- $before[-1] $fields[1] $fields[2]
                __pith_values $fields[3] "" "$text"
                return
            end
        end
        if string match -q -- '-*' "$text"; or not string match -q -- '-*' $fields[1]
            set -a found $fields[1]\t$fields[4]
            if test "$fields[2]" != -
                set -a found $fields[2]\t$fields[4]
            end
        end
    end
    printf '%s\n' $found
    if test (count $before) -gt 1; and test $is_command = yes
        __fish_complete_path $text
    end
end

complete -c pith -f -a '(__pith)'
