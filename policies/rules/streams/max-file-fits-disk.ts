import { formatBytes } from "../../../topology/format";
import type { Maybe, Origin, Outcome, Rule } from "../../model";
import { complies, isKnown, unknownTogether, violates } from "../outcomes";
import { confBytes } from "./conf-bytes";

export const maxFileFitsDisk: Rule = {
	name: "max-file-fits-disk",
	area: "streams",
	title: "What JetStream may use is smaller than the disk",
	severity: "mandatory",
	why:
		"The server does not compare max_file with the volume that its store is on. A full disk is no limit that refuses: " +
		"writes fail and JetStream shuts down, for all streams of the server.",
	remedy: "lower the buffer (hub: file), or give the server a larger volume",
	example: {
		fails: '{ "jetstream": { "store_dir": "/data", "max_file": "100GiB" } }',
		complies: '{ "jetstream": { "store_dir": "/data", "max_file": "80GiB" } }',
		language: "json",
	},
	check: ({ servers }) => {
		const open: Origin[] = [];
		const known = servers.flatMap(({ origin, conf, diskBytes }): Outcome[] => {
			if (diskBytes === undefined) return [];
			const limit = isKnown(conf) ? maxFile(conf) : conf;
			if (!isKnown(limit)) {
				open.push(origin);
				return [];
			}
			if (limit === undefined || limit < diskBytes) {
				return limit === undefined ? [] : [complies(origin)];
			}
			const size = `${formatBytes(limit)}, and its disk has ${formatBytes(diskBytes)}`;
			return [violates(origin, `${origin.label} has max_file ${size}: the disk fills up and JetStream shuts down`)];
		});
		return [...known, ...unknownTogether(open, (label) => `max_file of ${label}`)];
	},
};

function maxFile(conf: Readonly<Record<string, unknown>>): Maybe<number | undefined> {
	const { jetstream } = conf as { jetstream?: Maybe<Readonly<Record<string, unknown>> | undefined> };
	if (!isKnown(jetstream)) {
		return jetstream;
	}
	const value: unknown = jetstream?.max_file ?? jetstream?.max_file_store;
	return typeof value === "symbol" ? (value as Maybe<undefined>) : confBytes(value);
}
