import { formatBytes } from "../../../topology/format";
import type { Origin, Outcome, Rule } from "../../model";
import { complies, isKnown, unknownTogether, violates } from "../outcomes";
import { maxFileOf } from "./conf-bytes";

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
		const known = servers.flatMap(({ origin, conf, diskBytes, unreadable }): Outcome[] => {
			if (diskBytes === undefined || unreadable !== undefined) return [];
			const limit = isKnown(conf) ? maxFileOf(conf) : conf;
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
