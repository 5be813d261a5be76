import { formatBytes } from "../../../topology/format";
import type { DesignStream, Outcome, Rule } from "../../model";
import { complies, isKnown, unknown, violates } from "../outcomes";
import { flowOf } from "./flow";

export const buffersFitMaxFile: Rule = {
	name: "buffers-fit-max-file",
	area: "streams",
	title: "The streams of a server fit into what JetStream may use",
	severity: "mandatory",
	why:
		"Stream limits are promises that the server does not add up: when max_file is reached before max_bytes, every " +
		"stream on the server refuses (error 10023), also those that were meant to drop their oldest, and a class that is far from " +
		"its own limit loses its buffer to another.",
	remedy: "lower max_bytes of the streams, or raise the hardware's buffer (hub: file) above their sum",
	example: {
		fails:
			"hardware:\n  board: { buffer: 5GiB }        # max_file\n# edge1_can: max_bytes 4GiB, edge1_video: max_bytes 4GiB\n",
		complies:
			"hardware:\n  board: { buffer: 10GiB }       # max_file\n# edge1_can: max_bytes 4GiB, edge1_video: max_bytes 4GiB\n",
		language: "yaml",
	},
	check(design) {
		const domains = new Map<string, DesignStream[]>();
		for (const stream of flowOf(design).streams) {
			const { domain, config } = stream;
			if (isKnown(domain) && config.storage !== "memory") {
				const others = domains.get(domain) ?? [];
				others.push(stream);
				domains.set(domain, others);
			}
		}
		return [...domains].flatMap(([domain, streams]) => judge(domain, streams));
	},
};

function judge(domain: string, streams: readonly DesignStream[]): Outcome[] {
	const limits = streams.flatMap(({ maxFile }) => maxFile ?? []);
	const maxFile = Math.max(...limits);
	if (limits.length === 0) {
		return [];
	}
	const parts = streams.map((stream) => ({ stream, bytes: perServer(stream) }));
	const total = parts.reduce((sum, { bytes = 0 }) => sum + bytes, 0);
	const largest = parts.reduce((a, b) => ((b.bytes ?? 0) > (a.bytes ?? 0) ? b : a)).stream;
	if (total > maxFile) {
		return [
			violates(
				largest.origin,
				`the streams of ${domain} may take ${formatBytes(total)} on a server, and its max_file is ${formatBytes(maxFile)} ` +
					`(${largest.origin.label} takes most): all of them refuse before they reach their own limits`,
			),
		];
	}
	const open = parts.find(({ bytes }) => bytes === undefined);
	return [
		open === undefined
			? complies(largest.origin)
			: unknown(open.stream.origin, `max_bytes of ${open.stream.origin.label}`),
	];
}

/** Spread over the servers of its domain; nothing for a stream without a limit, which is a mistake of its own. */
function perServer({
	config: { max_bytes: bytes, num_replicas: replicas, storage },
	nodes = 1,
}: DesignStream): number | undefined {
	if (!isKnown(bytes) || !isKnown(replicas) || !isKnown(storage)) {
		return undefined;
	}
	return (Math.max(0, bytes ?? 0) * Math.max(1, replicas ?? 1)) / nodes;
}
