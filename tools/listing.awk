# SPDX-License-Identifier: BSD-2-Clause
#
# The rows of `trace -m`, the first file, into docs/design/ipc.md, the second one: each table that
# ends with an eret gets its part of them, the row of figures goes into the table of kinds.  What a
# document says of an instruction stays with it; of new ones it says "?".  Prints the document.

function rest(row)
{
    sub(/^\| [0-9]+ \| `[^`]*` \| ([A-Z] )*\|/, "", row)
    return row
}

function instruction(row)
{
    sub(/^\| [0-9]+ \| `/, "", row)
    sub(/`.*/, "", row)
    return row
}

# All rows up to the next eret.
function print_table(   text)
{
    while (at < rows) {
        text = instruction(row[++at])
        print row[at] (++used[text] <= known[text] ? said[text, used[text]] : " ? | ? |")
        if (text == "eret")
            return
    }
}

FNR == 1 { file++ }
file == 1 && /^\| [0-9]+ \| `/ { row[++rows] = $0; next }
file == 1 { if (/^\| [0-9]/) figures = $0; next }

file == 2 && /^\| [0-9]+ \| `/ {
    text = instruction($0)
    said[text, ++known[text]] = rest($0)
    next
}
file == 2 { next }

/^\| [0-9]+ \| `/ {
    if (!inside)
        print_table()
    inside = 1
    next
}
{ inside = 0 }
/^\| [0-9]+ \| [0-9]+ \| [0-9]+ \|/ { print figures; next }
{ print }
