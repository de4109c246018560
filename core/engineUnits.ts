/** Builds of the engine, one folder each. */
export const engineFolder = '/opt/pulumi-swarm/engine';
/** The build that is used: a link into `engineFolder`. */
export const engineProgramsPath = `${engineFolder}/current`;

const mark = '# Written by Pulumi for an engine that was unpacked; a change by hand is lost.';

/** Whether a unit's file is one of ours. */
export function isOurUnit(text: string | undefined): boolean {
  return text?.startsWith(mark) === true;
}

const path = `Environment=PATH=${engineProgramsPath}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;

/**
 * Units of an engine that is no package: what Docker's own packages have in theirs (docker-ce 28,
 * containerd.io 1.7), with the programs' other place. By their path in /etc/systemd/system.
 */
export const engineUnitFiles: Readonly<Record<string, string>> = {
  'containerd.service': `${mark}
[Unit]
Description=containerd container runtime
After=network.target dbus.service

[Service]
${path}
ExecStartPre=-/sbin/modprobe overlay
ExecStart=${engineProgramsPath}/containerd
Type=notify
Delegate=yes
KillMode=process
Restart=always
RestartSec=5
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
OOMScoreAdjust=-999

[Install]
WantedBy=multi-user.target
`,
  'docker.socket': `${mark}
[Unit]
Description=Docker Socket for the API

[Socket]
ListenStream=/run/docker.sock
SocketMode=0600
SocketUser=root
SocketGroup=root

[Install]
WantedBy=sockets.target
`,
  'docker.service': `${mark}
[Unit]
Description=Docker Application Container Engine
After=network-online.target nss-lookup.target docker.socket firewalld.service containerd.service time-set.target
Wants=network-online.target containerd.service
Requires=docker.socket
StartLimitBurst=3
StartLimitIntervalSec=60

[Service]
${path}
Type=notify
ExecStart=${engineProgramsPath}/dockerd -H fd:// --containerd=/run/containerd/containerd.sock
ExecReload=/bin/kill -s HUP $MAINPID
TimeoutStartSec=0
RestartSec=2
Restart=always
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
Delegate=yes
KillMode=process
OOMScoreAdjust=-500

[Install]
WantedBy=multi-user.target
`,
};
