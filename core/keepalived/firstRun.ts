/**
 * Lines of a check's script that let its first run after keepalived's start pass without looking.
 *
 * keepalived 2.2.7 and 2.3.3 lose count when one script recovers while another's first run still goes on and
 * then fails: nobody takes the address any more, although every script succeeds (measured: managers that
 * boot are such a case, their engines come up slowly). A first run that has ended before that cannot be one. What
 * it may cost: a node whose check fails from the start can hold the address until the check has
 * failed as often as it must; the check of the engine's process, which always ends within a second, looks from the start.
 *
 * @param name - tells the runs of several checks by one script apart; the shell expands it.
 */
export function firstRunPasses(name: string): string {
  return `first=/run/swarm-keepalived-first.${name}
{ IFS= read -r last < "$first"; } 2> /dev/null
[ "$last" = "$PPID" ] || { printf '%s\\n' "$PPID" > "$first"; exit 0; }`;
}
