#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# tools/drive, played against small shell commands.

set -u
cd "$(dirname "$0")/../.." || exit 1

drive=$PWD/build/tools/drive
work=$PWD/build/host/drive.work
rm -rf "$work"
mkdir -p "$work"
cd "$work" || exit 1

# play NAME STATUS TEXT COMMAND: plays the script on stdin; expects a status of drive and a text
# in its messages ("" for none at all).
play()
{
    cat >script
    "$drive" -t 5 -f forbidden script -- sh -c "$4" >out 2>err
    status=$?
    if [ $status != "$2" ]; then
        echo "not ok $1 - status $status, expected $2; messages: $(tr '\n' ' ' <err)"
    elif [ -z "$3" ] && [ -s err ]; then
        echo "not ok $1 - unexpected messages: $(tr '\n' ' ' <err)"
    elif ! grep -qF -- "$3" err && [ -n "$3" ]; then
        echo "not ok $1 - \"$3\" is not in the messages: $(tr '\n' ' ' <err)"
    else
        echo "ok $1"
    fi
}

check()
{
    if [ "$2" = "$3" ]; then
        echo "ok $1"
    else
        echo "not ok $1 - got \"$2\", expected \"$3\""
    fi
}

# Prints those of the processes that run; a zombie does not.
running()
{
    for process; do
        state=$(sed 's/.*) //' "/proc/$process/stat" 2>/dev/null)
        case $state in
        '' | Z*) ;;
        *) echo "$process" ;;
        esac
    done
}

echo 'panic:' >forbidden

play 'expect and eof' 0 '' 'echo one two; echo three' <<'END'
# a comment, and a blank line

expect one
expect three
eof
END
check 'output is shown' "$(cat out)" 'one two
three'

play 'questions to a terminal' 0 '' 'printf "a\033[6nb\033[1m\033\033[6n"; sleep 0.1; printf c' <<'END'
expect c
eof
END
check 'they are not shown' "$(cat out)" "$(printf 'ab\033[1m\033c')"

play 'a dialogue' 0 '' 'read a; echo "got $a"; read b; echo "and $b"' <<'END'
send x\n
expect 3 got x
send \x79\n
expect and y
eof
END

play 'order counts' 1 'script, line 2: the command exited with status 0 before it printed "one"' \
    'echo one; echo two' <<'END'
expect two
expect one
END

play 'text over several writes' 0 '' 'printf on; sleep 0.1; printf e; sleep 0.1' <<'END'
expect one
END

play 'carriage returns' 0 '' 'printf "one\r\ntwo\r\n"' <<'END'
expect one\ntwo\n
eof
END

play 'quoted text' 0 '' 'echo "20 passed "' <<'END'
expect 2 "20 passed "
eof
END

play 'line time-out' 1 'script, line 1: expected "two", which did not come within 1 s.' \
    'echo one; exec sleep 30' <<'END'
expect 1 two
END
check 'time-out shows the output' "$(sed -n '$p' err)" '  | one'

play 'forbidden text' 1 'script, line 2: the output holds the forbidden text "bad"' \
    'echo a; printf ba; sleep 0.1; echo d; sleep 30' <<'END'
expect a
forbid bad
expect never
END

play 'forbidden by a file' 1 'the output holds the forbidden text "panic:"' 'echo panic: x' <<'END'
eof
END

play 'allowed by the script' 0 '' 'echo panic: x' <<'END'
allow panic:
expect panic: x
eof
END

play 'bad exit' 1 'script, line 1: the command exited with status 3; 0 was expected.' 'exit 3' <<'END'
eof
END

play 'expected status' 0 '' 'exit 3' <<'END'
status 3
END

play 'ended by a signal' 1 'was ended by signal 9; 0 was expected' 'kill -9 $$' <<'END'
eof
END

play 'a background process does not hold eof up' 0 '' 'sleep 20 & echo started' <<'END'
expect started
eof
END

play 'command that reads no input' 1 'the command reads no more input; "x\n" was not sent.' \
    'exec <&-; echo closed; exec sleep 30' <<'END'
expect closed
send x\n
END

play 'missing command' 1 'exited with status 127' 'exec ./nothing' <<'END'
eof
END

play 'unknown verb' 2 'script, line 1: "hope one" is not expect' 'echo one' <<'END'
hope one
END

play 'unknown escape' 2 'script, line 1: unknown escape "\q".' 'echo one' <<'END'
send \q
END

play 'no text' 2 'script, line 1: a text is missing.' 'echo one' <<'END'
expect
END

# The script ends before the command: the command ends too, with what it started.
play 'script ends first' 0 '' 'echo $$; sleep 300 & echo $!; exec sleep 300' <<'END'
expect \n
expect \n
END
sleep 0.1
check 'nothing is left behind' "$(running $(cat out))" ''

# A signal ends driver and command.
echo 'expect never' >script
"$drive" -t 20 script -- sh -c 'echo $$; exec sleep 300' >out 2>err &
driver=$!
for _ in 1 2 3 4 5 6 7 8 9; do
    [ -s out ] || sleep 0.2
done
kill -TERM $driver
wait $driver 2>/dev/null
check 'signal: status' $? 143
check 'signal: the command ends' "$(running "$(cat out)")" ''
