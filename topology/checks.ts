import { MOST_PAYLOAD, MOST_PAYLOAD_TEXT } from "../config/limits";
import type { Fleet } from "../config/model";
import { enoughBytes, formatBytes } from "./format";
import type { Problem } from "./model";
import { mqttProblems } from "./mqtt-checks";
import { edgePrefix, isClassName, isDeviceName, MAX_TOKENS, RESERVED_DEVICES } from "./names";
import { isSubject, isSubset, overlaps, tokenCount } from "./subjects";

/** Names and subjects that clash. What one field can say about itself, `config/` has checked already. */
export function checkFleet(fleet: Fleet): Problem[] {
	return [
		...Object.keys(fleet.devices).flatMap(badDevice),
		...Object.keys(fleet.classes).flatMap((name) => badClass("classes", name)),
		...Object.keys(fleet.downlink).flatMap((name) => badClass("downlink", name)),
		...sharedNames(fleet),
		...Object.keys(fleet.classes).flatMap((name) => badAccepts(fleet, name)),
		...overlappingAccepts(fleet),
		...Object.keys(fleet.consumers).flatMap((name) => badConsumer(fleet, name)),
		...oversized(fleet),
		...overfull(fleet),
		...mqttProblems(fleet),
	];
}

/** First tokens of subjects that leafline or NATS itself uses on a device. */
const INTERNAL: readonly string[] = [
	"deliver.>",
	"dl.>",
	"down.>",
	"_INBOX.>",
	"_R_.>",
	"$JS.>",
	"$SYS.>",
	"$JSC.>",
	"$MQTT.>",
];

function badDevice(device: string): Problem[] {
	if (isDeviceName(device)) {
		return [];
	}
	const reserved = RESERVED_DEVICES.includes(device);
	return [
		fleetProblem(
			["devices", device],
			reserved ? `the name ${device} is reserved` : `${JSON.stringify(device)} is no name for a device`,
			reserved ? `choose another name than ${RESERVED_DEVICES.join(", ")}` : "use a-z, 0-9 and -",
		),
	];
}

function badClass(part: "classes" | "downlink", name: string): Problem[] {
	const remedy = "use a letter a-z, then a-z and 0-9";
	return isClassName(name)
		? []
		: [fleetProblem([part, name], `${JSON.stringify(name)} is no name for a class`, remedy)];
}

function sharedNames({ classes, downlink }: Fleet): Problem[] {
	return Object.keys(downlink)
		.filter((name) => Object.hasOwn(classes, name))
		.map((name) =>
			fleetProblem(["downlink", name], `${name} is a class of both directions`, "give one of the two another name"),
		);
}

function badAccepts(fleet: Fleet, name: string): Problem[] {
	const accepts = fleet.classes[name]?.accepts ?? [];
	const path = ["classes", name, "accepts"];
	if (accepts.length > 1) {
		const message = `a class can accept one pattern, and ${name} has ${accepts.length}: ${accepts.join(", ")}`;
		return [fleetProblem(path, message, "make a class of each, or accept one pattern that covers them")];
	}
	return accepts.flatMap((pattern) => {
		if (!isSubject(pattern)) {
			return [
				fleetProblem(path, `${JSON.stringify(pattern)} is no subject`, "write tokens with dots, for example vehicle.>"),
			];
		}
		const tokens = tokenCount(pattern) + tokenCount(edgePrefix("device", name));
		if (tokens > MAX_TOKENS) {
			const message = `${pattern} is stored with ${tokens} tokens, device and class included`;
			return [fleetProblem(path, message, `use at most ${MAX_TOKENS - 2} tokens`)];
		}
		const internal = INTERNAL.find((subject) => overlaps(subject, pattern));
		if (internal !== undefined) {
			return [
				fleetProblem(path, `${pattern} takes in ${internal}, which NATS or leafline uses`, "accept something narrower"),
			];
		}
		const device = Object.keys(fleet.devices).find((each) => overlaps(`${each}.>`, pattern));
		if (device !== undefined) {
			const message = `${pattern} overlaps the subjects of device ${device} (${device}.<class>.>)`;
			return [
				fleetProblem(path, message, `start with a word that is no device, and publish on ${device}.${name}.… as it is`),
			];
		}
		return [];
	});
}

function overlappingAccepts({ classes }: Fleet): Problem[] {
	const all = Object.entries(classes).flatMap(([name, { accepts }]) => accepts.map((pattern) => ({ name, pattern })));
	return all.flatMap(({ name, pattern }, i) =>
		all.slice(0, i).flatMap((other) => {
			if (other.name === name || !isSubject(pattern) || !overlaps(other.pattern, pattern)) {
				return [];
			}
			const message = `${pattern} overlaps ${other.pattern} of class ${other.name}: a message would belong to both`;
			return [fleetProblem(["classes", name, "accepts"], message, "make the two patterns disjoint")];
		}),
	);
}

function badConsumer({ consumers, classes }: Fleet, name: string): Problem[] {
	const { class: className = "", filter } = consumers[name] ?? {};
	if (!Object.hasOwn(classes, className)) {
		const known = Object.keys(classes).join(", ");
		return [fleetProblem(["consumers", name, "class"], `there is no class ${className}`, `use one of ${known}`)];
	}
	const all = `*.${className}.>`;
	if (filter !== undefined && !(isSubject(filter) && (overlaps(filter, all) || isSubset(filter, all)))) {
		const message = `${filter} matches no message of class ${className}`;
		return [fleetProblem(["consumers", name, "filter"], message, `its subjects are ${all}`)];
	}
	return [];
}

function oversized({ classes, downlink }: Fleet): Problem[] {
	const parts = [
		...Object.entries(classes).map(([name, each]) => ["classes", name, each.sizeBytes] as const),
		...Object.entries(downlink).map(([name, each]) => ["downlink", name, each.sizeBytes] as const),
	];
	return parts
		.filter(([, , size]) => size > MOST_PAYLOAD)
		.map(([part, name, size]) =>
			fleetProblem(
				[part, name, "size"],
				`a message of ${formatBytes(size)} is more than the servers take`,
				`use at most ${MOST_PAYLOAD_TEXT} a message`,
			),
		);
}

/** Part of a disk that JetStream may be given. The rest is for blocks being emptied, for indexes, and for others. */
const DISK_PART = 0.9;

/** A buffer, which is `max_file`, for a disk that cannot hold it. The server does not compare the two. */
export function tooLargeForDisk(hardware: string, bufferBytes: number, diskBytes: number, disk: string): Problem[] {
	const most = Math.floor(DISK_PART * diskBytes);
	if (bufferBytes <= most) return [];
	return [
		fleetProblem(
			["hardware", hardware, "buffer"],
			`${formatBytes(bufferBytes)} is too much for ${disk} of ${formatBytes(diskBytes)}, of which JetStream may have nine ` +
				"tenths: on a full disk publishing ends until the server is restarted",
			`write at most ${Math.floor(most / 1024 ** 2)}MiB, or use a disk of at least ${enoughBytes(Math.ceil(bufferBytes / DISK_PART))}`,
		),
	];
}

function overfull({ hardware }: Fleet): Problem[] {
	return Object.entries(hardware).flatMap(([name, { bufferBytes, diskBytes }]) =>
		diskBytes === undefined ? [] : tooLargeForDisk(name, bufferBytes, diskBytes, "a disk"),
	);
}

function fleetProblem(path: readonly (string | number)[], message: string, remedy: string): Problem {
	return { document: "fleet", path, message, remedy };
}
