import { basename } from "node:path";
import { BUNDLE, DEVICE_USER, INSTALLED, PRIVATE } from "./layout";

/**
 * Settings of the kernel. nats-server does not sync the descriptions of its streams (2.15.2): a power cut within seconds
 * after one was made lost the stream (docs/boot-test.md), so the kernel writes what is a second old.
 */
export function renderSysctl(): string {
	return "# Written by leafline; changes are overwritten.\nvm.dirty_expire_centisecs = 100\nvm.dirty_writeback_centisecs = 100\n";
}

/** The account, for systemd-sysusers(8): at the next boot, where an image was made without it. */
export function renderSysusers(): string {
	return `# Written by leafline; changes are overwritten.\nu ${DEVICE_USER} - "leafline" - -\n`;
}

/** Who owns what, for systemd-tmpfiles(8): at every boot before the units, so that an image needs no numbers of accounts. */
export function renderTmpfiles(storeDir: string): string {
	const own = PRIVATE.map((file) => `z ${INSTALLED.releases}/*/${file} 0600 ${DEVICE_USER} ${DEVICE_USER} -\n`).join(
		"",
	);
	return `# Written by leafline; changes are overwritten.\nd ${storeDir} 0700 ${DEVICE_USER} ${DEVICE_USER} -\n${own}`;
}

const UNITS = [
	BUNDLE.mqttUnit,
	BUNDLE.serverUnit,
	BUNDLE.keepUnit,
	BUNDLE.tryUnit,
	BUNDLE.trialUnit,
	BUNDLE.updateUnit,
	BUNDLE.updatePath,
	BUNDLE.rolloutUnit,
	BUNDLE.rolloutPath,
];

/** Which file of a bundle goes where, beside the release itself. */
export const SYSTEM_FILES: Readonly<Record<string, string>> = {
	...Object.fromEntries(UNITS.map((file) => [file, `${INSTALLED.units}/${basename(file)}`])),
	[BUNDLE.switch]: INSTALLED.switch,
	[BUNDLE.sysctl]: INSTALLED.sysctl,
	[BUNDLE.sysusers]: INSTALLED.sysusers,
	[BUNDLE.tmpfiles]: INSTALLED.tmpfiles,
};

/** Units that are started at boot; the others are started by these. */
export const ENABLED: readonly string[] = [
	BUNDLE.serverUnit,
	BUNDLE.keepUnit,
	BUNDLE.tryUnit,
	BUNDLE.trialUnit,
	BUNDLE.updatePath,
	BUNDLE.rolloutPath,
].map((file) => basename(file));
