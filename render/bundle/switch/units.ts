import { HARDENED } from "../../hardened";
import { INSTALLED } from "../layout";

/** Names in the store of what the device program pulls: `device/rollout/places.ts` says what they are. */
export const PULLED = {
	/** In the device program's own folder of the store. */
	folder: "rollout",
	want: "want",
	manifest: "manifest.json",
	parts: "parts",
	ready: "ready",
	ask: "ask",
} as const;

export function pulledFolder(storeDir: string): string {
	return `${storeDir}/leafline/${PULLED.folder}`;
}

const SWITCH = `/bin/sh ${INSTALLED.switch}`;

/**
 * What these units may do, as root: write releases, the files of systemd that come with them, and what they own to the
 * account of the server. They reach no network, and run nothing that a release on trial brings.
 */
function privileged(storeDir: string): string {
	return `UMask=0022
ReadWritePaths=${INSTALLED.base} ${INSTALLED.units} /etc/sysctl.d /etc/sysusers.d /etc/tmpfiles.d ${storeDir}
PrivateNetwork=yes
RestrictAddressFamilies=AF_UNIX
IPAddressDeny=any
${HARDENED}
# Of these systemd adds to what is above: the files are those of other accounts.
CapabilityBoundingSet=CAP_CHOWN CAP_FOWNER CAP_DAC_OVERRIDE
SystemCallFilter=@chown
# They are root, as the machine knows it.
PrivateUsers=no
RemoveIPC=no`;
}

/** Before anything of leafline's at boot: ends what a power cut has interrupted, and counts the starts of a release on trial. */
export function renderTryUnit(storeDir: string): string {
	return `# Written by leafline; changes are overwritten.
[Unit]
Description=Release of leafline that is on trial: counts its starts
DefaultDependencies=no
Conflicts=shutdown.target
After=local-fs.target systemd-tmpfiles-setup.service
Before=leafline-server.service leafline-keep.service leafline-trial.service leafline-update.path shutdown.target
RequiresMountsFor=${INSTALLED.base} ${storeDir}
ConditionPathExists=${INSTALLED.trial}

[Service]
Type=oneshot
ExecStart=${SWITCH} try
TimeoutStartSec=120
${privileged(storeDir)}

[Install]
WantedBy=multi-user.target
`;
}

/** Waits for the verdict on a release that is on trial, and takes it back when there is none in its time. */
export function renderTrialUnit(storeDir: string): string {
	return `# Written by leafline; changes are overwritten.
[Unit]
Description=Release of leafline that is on trial: takes it back unless it is good
After=leafline-try.service
RequiresMountsFor=${INSTALLED.base} ${storeDir}
ConditionPathExists=${INSTALLED.trial}
StartLimitIntervalSec=0

[Service]
Type=simple
ExecStart=${SWITCH} watch
Restart=on-failure
RestartSec=5
${privileged(storeDir)}

[Install]
WantedBy=multi-user.target
`;
}

/** Installs what the device program has pulled, whose account may not: only what the release in force finds to be signed. */
export function renderUpdateUnit(storeDir: string): string {
	return `# Written by leafline; changes are overwritten.
[Unit]
Description=Installs the release of leafline that was pulled, on trial
RequiresMountsFor=${INSTALLED.base} ${storeDir}

[Service]
Type=oneshot
ExecStart=${SWITCH} update ${storeDir}
# Whatever came of it: as long as it is there, systemd starts this again.
ExecStopPost=/bin/rm -f ${pulledFolder(storeDir)}/${PULLED.ready}
TimeoutStartSec=900
MemoryMax=512M
CPUQuota=50%
${privileged(storeDir)}
`;
}

export function renderUpdatePath(storeDir: string): string {
	return `# Written by leafline; changes are overwritten.
[Unit]
Description=Watches for a release of leafline that was pulled
RequiresMountsFor=${storeDir}

[Path]
PathExists=${pulledFolder(storeDir)}/${PULLED.ready}
Unit=leafline-update.service

[Install]
WantedBy=multi-user.target
`;
}
