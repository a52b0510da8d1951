#!/bin/sh
# ptxas, which says that it spilled as many bytes as $SPILLS has for the level of
# registers that it is asked for: "default=8 0=4 10=0". A level that $SPILLS
# lacks is unknown to it, and of $WARNS it warns. Its calls are added to $CALLS.
level=default
for argument; do
  case "$argument" in --register-usage-level=*) level=${argument#*=} ;; esac
done
echo "$level" >> "$CALLS"
spilled=
for each in $SPILLS; do
  case "$each" in "$level="*) spilled=${each#*=} ;; esac
done
[ -n "$spilled" ] || { echo "unknown option" >&2; exit 1; }
"$PTXAS" "$@" 2>&1 | sed "s/[0-9]* bytes spill stores/$spilled bytes spill stores/" >&2
[ "$level" != "$WARNS" ] || echo "ptxas info    : (C7512) it was serialised" >&2
