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
	credentials: "etc/device.creds",
	programKey: "etc/leafline.nk",
	serverUnit: "systemd/leafline-server.service",
	keepUnit: "systemd/leafline-keep.service",
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
];

/** What is started as it is. */
export const EXECUTABLES: readonly string[] = [BUNDLE.install, BUNDLE.server, BUNDLE.node, BUNDLE.cli];

/** The account in which everything of leafline's runs on a device. */
export const DEVICE_USER = "leafline";

/** Absolute paths on a device. */
export const INSTALLED = {
	base: "/opt/leafline",
	releases: "/opt/leafline/releases",
	current: "/opt/leafline/current",
	/** Public key that every further bundle must be signed with. */
	key: "/opt/leafline/bundle.pub",
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
