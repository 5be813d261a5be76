import type { StackOutputs } from "../../contract/outputs";
import { some } from "../../topology/format";
import { UserError } from "../errors";
import type { Arch, Extra } from "./common";

/** As they are said. */
export interface BundleFlags {
	readonly stack?: string;
	readonly outputs?: string;
	readonly group?: readonly string[];
	readonly all?: boolean;
	readonly out: string;
	readonly format: string;
	readonly arch?: string;
	readonly with?: string;
	readonly credentials: string;
	readonly release: string;
	readonly mount?: string;
	readonly fleet?: string;
}

export interface BundleOptions {
	readonly format: "dir" | "tar.gz" | "compose";
	/** @default that of the device's hardware in the fleet file */
	readonly arch?: Arch;
	readonly extras: readonly Extra[];
	readonly credentials: "together" | "apart" | "none";
	readonly release: number;
	readonly mount?: string;
}

/** @throws UserError that names the option, the value and what it may be */
export function bundleOptions(flags: BundleFlags): BundleOptions {
	const extras = (flags.with ?? "").split(",").filter((word) => word !== "");
	for (const extra of extras) oneOf("with", extra, ["server", "runtime", "cli"]);
	const release = Number(flags.release);
	if (!/^\d{1,15}$/.test(flags.release) || release < 1) {
		throw new UserError(`--release ${flags.release} is no whole number from 1`);
	}
	const { mount } = flags;
	if (mount !== undefined && !/^(\/[A-Za-z0-9._-]+)+$/.test(mount)) {
		throw new UserError(`--mount ${mount} is no absolute path of a mount point, such as /data`);
	}
	const format = oneOf("format", flags.format, ["dir", "tar.gz", "compose"]);
	const credentials = oneOf("credentials", flags.credentials, ["together", "apart", "none"]);
	checkCompose(flags, format);
	return {
		format,
		...(flags.arch !== undefined && { arch: oneOf("arch", flags.arch, ["arm64", "amd64"]) }),
		// No image has leafline's nats-server.
		extras: [...new Set([...(format === "compose" ? ["server"] : []), ...extras])] as Extra[],
		credentials,
		release,
		...(mount !== undefined && { mount }),
	};
}

/** What containers have no use for, and what only they have. */
function checkCompose(
	{ fleet, stack, outputs, credentials, mount }: BundleFlags,
	format: BundleOptions["format"],
): void {
	if (fleet !== undefined && format !== "compose") {
		throw new UserError(`--fleet ${fleet} makes a try with a hub of its own, in containers: add --format compose`);
	}
	if (fleet !== undefined && (stack !== undefined || outputs !== undefined)) {
		throw new UserError(
			`--fleet ${fleet} makes a try without a stack: leave out --${stack === undefined ? "outputs" : "stack"}`,
		);
	}
	if (format !== "compose") return;
	if (credentials === "apart") {
		throw new UserError(
			"--credentials apart: a container finds them in the bundle alone; take together, or none and copy them into etc/",
		);
	}
	if (mount !== undefined) {
		throw new UserError(`--mount ${mount} is for systemd: with --format compose the store is a volume of its own`);
	}
}

function oneOf<T extends string>(option: string, value: string, known: readonly T[]): T {
	const found = known.find((each) => each === value);
	if (found !== undefined) return found;
	throw new UserError(`--${option} ${value} is not known: it may be ${known.join(", ")}`);
}

/** Devices to be bundled, and those that were asked for as part of a group and have none. */
export interface Chosen {
	readonly devices: readonly string[];
	readonly skipped: readonly string[];
}

/** @throws UserError for a device or group that the fleet does not have, and when nothing was asked for */
export function chooseDevices({ leafline }: StackOutputs, names: readonly string[], flags: BundleFlags): Chosen {
	const groups = flags.group ?? [];
	if (names.length === 0 && groups.length === 0 && !flags.all) {
		throw new UserError("which devices? Name them, or a group by --group, or say --all");
	}
	const known = Object.keys(leafline.devices);
	const unknown = names.filter((name) => !Object.hasOwn(leafline.devices, name));
	if (unknown.length > 0) throw new UserError(`the fleet has no device ${some(unknown)}; it has ${some(known)}`);
	const strange = groups.filter((name) => !Object.hasOwn(leafline.groups, name));
	if (strange.length > 0) {
		throw new UserError(`the fleet has no group ${some(strange)}; it has ${some(Object.keys(leafline.groups))}`);
	}
	const retired = (name: string) => leafline.devices[name]?.retired;
	const gone = names.find((name) => retired(name) !== undefined);
	if (gone !== undefined) {
		throw new UserError(
			`${gone} is retired (${retired(gone)}): take that out of the fleet file and run npm run up first`,
		);
	}
	const members = flags.all ? known : groups.flatMap((name) => leafline.groups[name] ?? []);
	const wanted = [...new Set([...names, ...members])];
	return {
		devices: wanted.filter((name) => retired(name) === undefined),
		skipped: wanted.filter((name) => retired(name) !== undefined),
	};
}
