/**
 * keepalived takes a script that runs longer for a failed one. Ours bound what they wait for themselves: only a computer
 * that is too busy to run them makes one last longer, and it does so on every manager that shares it. Then all of
 * them would give the addresses up, and nobody would have them (seen at a load of 50 for each core: for minutes).
 */
export const ownPatience = '    timeout 120';
