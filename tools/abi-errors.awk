# SPDX-License-Identifier: BSD-2-Clause
#
# docs/abi.md: the pairs of call and error, one a line.  -v from=lines: those of the lines "Errors";
# -v from=lists: what the numbered lists below them, with the patterns that they use, come to.
function add(error)
{
    if (!((call, error) in seen))
        print call, error
    seen[call, error] = 1
}

function add_all(errors, word, words, count, i)
{
    count = split(errors, word, /[^A-Z]+/)
    for (i = 1; i <= count; i++)
        if (word[i] != "")
            add(word[i])
}

/^## / { call = "" }
/^### WHIT_/ { call = $2; next }
call == "" { next }
from == "lines" && /^Errors: / { add_all(substr($0, 9)) }
from == "lists" && (/^[0-9]+\. / || /^ +- / || /^Later: /) {
    line = $0
    while (match(line, /Find \(|Space \(|Slot \(|as in \[Messages\]|`[A-Z]+`/)) {
        what = substr(line, RSTART, RLENGTH)
        line = substr(line, RSTART + RLENGTH)
        if (what ~ /^(Find|Space)/)
            add_all("CAPABILITY RIGHTS")
        else if (what ~ /^Slot/)
            add_all("CAPABILITY OCCUPIED FUNDS")
        else if (what ~ /^as in/)
            add_all("OCCUPIED CAPABILITY RIGHTS BUSY ORIGINAL FUNDS DEPTH")
        else if (what !~ /^`(MEMORY|SPACE|THREAD|PORTAL|SIGNAL|BUDGET|IRQ)`/)
            add_all(what)
    }
}
