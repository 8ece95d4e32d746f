# What zsh offers after each LINE, as completion.sh wants it: the functions of
# tools/completion run in an interactive zsh on a terminal of their own.
# usage: zsh -f completion.zsh FOLDER LINE...
zmodload zsh/zpty
folder=$1
shift
cat > $folder/zshrc <<EOF
PS1= PS2=
fpath=($PWD/tools/completion \$fpath)
autoload -Uz compinit
compinit -D -u
compadd() {
    local -a found
    (( \${@[(I)-[OAD]*]} )) && { builtin compadd "\$@"; return }
    builtin compadd -O found "\$@"
    (( \$#found )) && print -rl -- "\$found[@]" >> $folder/zsh
}
# The line stays as it is, so that only what is offered counts.
list() {
    _main_complete
    compstate[insert]= compstate[list]=
    print -r -- end >> $folder/zsh
}
zle -C list complete-word list
bindkey '^I' list
: > $folder/zsh-is-ready
EOF

await() { # an expression that becomes true within ten seconds
    local i
    for i in {1..500}; do
        eval $1 && return
        sleep 0.02
    done
    print "zsh did not answer"
    exit 1
}

zpty -b shell zsh -f -i
zpty -w shell "source $folder/zshrc"
await '[[ -e $folder/zsh-is-ready ]]'
for line; do
    : > $folder/zsh
    zpty -n -w shell "$line"$'\t'
    await '[[ $(tail -n 1 $folder/zsh) = end ]]'
    print -r -- "= $line"
    sed '$d' $folder/zsh | sort -u
    zpty -n -w shell $'\x15'
done
zpty -d shell
