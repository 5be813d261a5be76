import * as fs from "node:fs";
import * as path from "node:path";
import { BUNDLE } from "../../render/bundle/layout";
import { type DeviceConf, deviceConf } from "../../render/bundle/leaf";
import { messageOf } from "../../system/message";
import { PROGRAM_BYTES } from "../../topology/program-memory";
import { serverVersion } from "../floors";
import { diskRoom } from "../room";
import { DEVICE_SPEC_FILE, type DeviceSpec } from "../spec";
import { STREAMS_FILE, type StreamsFile } from "../streams";
import { verifyBundle } from "../verify";
import { type Finding, fault, good, unknown } from "./finding";
import { probeHub } from "./hub";
import { type Credentials, clockFinding, credentialsFinding, modeFinding, readCredentials } from "./judge-identity";
import { cardFinding, kernelFindings, serverFinding, spaceFindings, syncFinding } from "./judge-machine";
import { cardKind, measureSyncs, readKernel, storedBytes } from "./machine";

export interface DoctorReport {
	readonly device: string;
	readonly findings: readonly Finding[];
}

/**
 * Looks at a device from the folder of its configuration, as a bundle has it: the bundle itself, or where it is installed.
 * Changes nothing but a file of its own in the store, which it takes away again.
 * @param dir a bundle, or the folder of `device.json`
 * @throws Error where neither is there
 */
export async function examine(dir: string): Promise<DoctorReport> {
	const bundled = fs.existsSync(path.join(dir, BUNDLE.manifest));
	const conf = bundled ? path.join(dir, BUNDLE.conf) : dir;
	const spec = JSON.parse(fs.readFileSync(path.join(conf, DEVICE_SPEC_FILE), "utf8")) as DeviceSpec;
	const { device } = spec;
	const files = [...(bundled ? [bundleFinding(dir, device)] : []), ...server(conf, bundled)];
	const read = readConf(path.join(conf, "leaf.conf"), device);
	if ("check" in read) return { device, findings: [...files, read] };
	const { who, credentials, findings } = identity(conf, device);
	const now = Date.now();
	const since = credentials?.issuedAt;
	const probes = await Promise.all(read.urls.map((url) => probeHub(url, caOf(conf), credentials)));
	const ways = probes.flatMap((probe) => probe.findings);
	return {
		device,
		findings: [
			...files,
			clockFinding(now, since),
			...findings,
			...(credentials ? [credentialsFinding(who, credentials, now)] : []),
			...ways,
			domainFinding(
				device,
				read,
				probes.map(({ domain }) => domain),
			),
			...machine(path.resolve(conf, spec.storeDir), conf, read, spec),
		],
	};
}

/** That of a bundle, or what is installed: the one beside the configuration, else on the PATH. */
function server(conf: string, bundled: boolean): Finding[] {
	const own = path.join(fs.realpathSync(conf), "..", BUNDLE.server);
	if (fs.existsSync(own)) return [serverFinding(serverVersion(own))];
	return bundled ? [] : [serverFinding(serverVersion())];
}

function bundleFinding(dir: string, device: string): Finding {
	try {
		const { release } = verifyBundle(dir, { device });
		return good("files", `the bundle of ${device}, release ${release}, is whole and signed`);
	} catch (error) {
		return fault("files", messageOf(error), "make the bundle again and copy it whole: npx leafline bundle");
	}
}

function readConf(file: string, device: string): DeviceConf | Finding {
	try {
		const conf = deviceConf(fs.readFileSync(file, "utf8"), device);
		return conf;
	} catch (error) {
		return fault("files", `leaf.conf cannot be used: ${messageOf(error)}`, "put that of the bundle there again");
	}
}

function identity(conf: string, device: string): { who: string; credentials?: Credentials; findings: Finding[] } {
	const who = path.basename(BUNDLE.credentials);
	const file = path.join(conf, who);
	try {
		const mode = modeFinding(file, fs.statSync(file).mode);
		const read = readCredentials(fs.readFileSync(file, "utf8"), who, Date.now(), device);
		const findings = mode ? [mode] : [];
		return "check" in read ? { who, findings: [...findings, read] } : { who, credentials: read, findings };
	} catch (error) {
		const remedy = "copy them there (leafline bundle --credentials), or run the doctor as who may read them";
		return { who, findings: [fault("credentials", `${who} cannot be read: ${messageOf(error)}`, remedy)] };
	}
}

function caOf(conf: string): string {
	try {
		return fs.readFileSync(path.join(conf, path.basename(BUNDLE.ca)), "utf8");
	} catch {
		return "";
	}
}

/** Two servers of one domain behind each other answer for one another: streams are asked for in the wrong place. */
function domainFinding(device: string, { tree }: DeviceConf, hubs: readonly (string | undefined)[]): Finding {
	const { domain } = tree.jetstream as { readonly domain?: unknown };
	const remedy = "put the leaf.conf of this device's own bundle there";
	if (domain !== device || tree.server_name !== device) {
		return fault(
			"domain",
			`leaf.conf is not ${device}'s: its domain is ${String(domain)}, its name ${String(tree.server_name)}`,
			remedy,
		);
	}
	if (hubs.includes(device)) return fault("domain", `the hub has the domain ${device} itself`, remedy);
	return good("domain", `${device}, and the hub's is another one`);
}

function machine(store: string, conf: string, { tree, memoryBytes }: DeviceConf, spec: DeviceSpec): Finding[] {
	const { max_file: maxBytes, sync_interval: sync } = tree.jetstream as Record<string, unknown>;
	const kernel = kernelFindings(readKernel(), memoryBytes + PROGRAM_BYTES);
	const folder = existing(store);
	try {
		const use = { maxBytes: Number(maxBytes ?? 0), storedBytes: storedBytes(store) };
		const space = spaceFindings(folder, diskRoom(folder), use);
		const rates = plannedRates(conf, spec);
		const measured = syncFinding(measureSyncs(folder), syncOf(sync), rates);
		return [...space, measured, ...cardFinding(cardKind(folder)), ...kernel];
	} catch (error) {
		const remedy =
			"run the doctor as the server's user or as root; a file system that is read-only needs a new disk, or fsck";
		return [unknown("sync", `${folder} cannot be written to: ${messageOf(error)}`, remedy), ...kernel];
	}
}

/** Before the first start there is no store yet: it will be on the same file system as the folder above. */
function existing(folder: string): string {
	for (let at = folder; ; at = path.dirname(at)) if (fs.existsSync(at)) return at;
}

/** Of each stream in files; what a power cut may take says how much comes in which time. */
function plannedRates(conf: string, { streams }: DeviceSpec): (number | undefined)[] {
	let names: string[] = [];
	try {
		const { streams: wanted } = JSON.parse(fs.readFileSync(path.join(conf, STREAMS_FILE), "utf8")) as StreamsFile;
		names = wanted.map(({ stream }) => stream.name);
	} catch {
		// A device of a local stack has none: its streams are made by an update.
	}
	const known = new Map(streams.map(({ name, powerCut }) => [name, rateOf(powerCut)]));
	return [...new Set([...names, ...known.keys()])].map((name) => known.get(name));
}

const rateOf = (cut: DeviceSpec["streams"][number]["powerCut"]) =>
	cut && cut.ms > 0 ? (cut.messages * 1000) / cut.ms : undefined;

/** `always`, or a duration as leafline writes it: `250ms`. */
function syncOf(value: unknown): "always" | number {
	if (value === "always") return "always";
	const [, figure = "", unit = ""] = /^(\d+)(ms|s|m|h)$/.exec(String(value)) ?? [];
	const ms = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit as "ms"];
	// The server's own, where nothing is said (nats-server 2.15.2, `defaultSyncInterval`).
	return ms === undefined ? 120_000 : Number(figure) * ms;
}
