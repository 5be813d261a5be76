/**
 * What lies where in a device's bundle, and on a device where it is installed. No other module spells these names.
 *
 * On a device a release is a folder of its own that never changes; `current` is a link to the one in force, and all that
 * the units and the server's configuration name leads through it. So a new release is there wholly or not at all.
 */

/** Paths in a bundle. */
export const BUNDLE = {
	install: "install.sh",
	manifest: "manifest.json",
	signature: "manifest.sig",
	program: "leafline-device.js",
	/** Folder of everything below, which `/etc/nats` leads to: the working folder of the server and of the program. */
	conf: "etc",
	leafConf: "etc/leaf.conf",
	gateConf: "etc/gate.conf",
	ca: "etc/ca.pem",
	/** `MQTT_SPEC_FILE` of the device program's bridge; only where the fleet file asks for MQTT. */
	mqtt: "etc/mqtt.json",
	mqttUnit: "systemd/leafline-mqtt.service",
	/** `DEVICE_SPEC_FILE` of the device program. */
	device: "etc/device.json",
	/** What `keep` is told, as `KEEP_SPEC_FILE` in its working folder. */
	keep: "etc/keep.json",
	streams: "etc/streams.json",
	/** By which the device asks the hub for releases, with the key that its credentials hold. Nobody else can show it. */
	releasesToken: "etc/releases.jwt",
	credentials: "etc/device.creds",
	programKey: "etc/leafline.nk",
	serverUnit: "systemd/leafline-server.service",
	keepUnit: "systemd/leafline-keep.service",
	/** What puts a release into force on trial, and takes it back: `switch/`. */
	switch: "system/switch.sh",
	tryUnit: "systemd/leafline-try.service",
	trialUnit: "systemd/leafline-trial.service",
	updateUnit: "systemd/leafline-update.service",
	updatePath: "systemd/leafline-update.path",
	rolloutUnit: "systemd/leafline-rollout.service",
	rolloutPath: "systemd/leafline-rollout.path",
	sysctl: "system/sysctl.conf",
	sysusers: "system/sysusers.conf",
	tmpfiles: "system/tmpfiles.conf",
	server: "bin/nats-server",
	node: "bin/node",
	cli: "bin/nats",
} as const;

/** What nobody but the device may read. */
export const SECRETS: readonly string[] = [BUNDLE.credentials, BUNDLE.programKey];

/** What no other program on the device need read: the configurations tell what the server calls its cluster. */
export const PRIVATE: readonly string[] = [...SECRETS, BUNDLE.leafConf, BUNDLE.gateConf];

/** What no two devices have the same of. */
export const OWN: readonly string[] = [
	...PRIVATE,
	BUNDLE.mqtt,
	BUNDLE.manifest,
	BUNDLE.signature,
	BUNDLE.device,
	BUNDLE.keep,
	BUNDLE.streams,
	BUNDLE.releasesToken,
];

/** What is started as it is. */
export const EXECUTABLES: readonly string[] = [BUNDLE.install, BUNDLE.server, BUNDLE.node, BUNDLE.cli];

/** The account in which everything of leafline's runs on a device. */
export const DEVICE_USER = "leafline";

/** How a file of a release may be used. */
export function modeOf(name: string): number {
	if (PRIVATE.includes(name)) return 0o600;
	return EXECUTABLES.includes(name) ? 0o755 : 0o644;
}

/** Absolute paths on a device. */
export const INSTALLED = {
	base: "/opt/leafline",
	releases: "/opt/leafline/releases",
	current: "/opt/leafline/current",
	/** Public key that every further bundle must be signed with. */
	key: "/opt/leafline/bundle.pub",
	/** No part of a release: `BUNDLE.switch` of the newest one that was found to be good. */
	switch: "/opt/leafline/switch",
	/** The release that is on trial, as `switch` has written it down; not there when there is none. */
	trial: "/opt/leafline/trial",
	/** What became of the newest order, or of what somebody has installed by hand: `switch/states.ts`. */
	outcome: "/opt/leafline/outcome",
	/** What the device program finds of the release on trial: `good ID`, or `not-yet ID REASON`. */
	verdict: "/run/leafline-rollout/verdict",
	/** Link to the configuration in force; `leaf.conf` names its files by it. */
	conf: "/etc/nats",
	runtime: "/run/leafline",
	/** The server writes down its ports there, by which the device program finds it. Not on the disk, which may be full. */
	ports: "/run/leafline-server",
	units: "/etc/systemd/system",
	sysctl: "/etc/sysctl.d/60-leafline.conf",
	sysusers: "/etc/sysusers.d/leafline.conf",
	tmpfiles: "/etc/tmpfiles.d/leafline.conf",
} as const;
