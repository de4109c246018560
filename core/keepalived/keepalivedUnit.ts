/** Where Debian's keepalived reads its configuration, and the unit that runs it. */
export const keepalivedPath = '/etc/keepalived/keepalived.conf';
export const keepalivedUnit = 'keepalived.service';
