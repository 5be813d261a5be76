import { DEVICE_SERVER_FLOOR, HUB_SERVER_FLOOR } from "../../../topology/server-floors";
import type { Origin, Outcome, Rule } from "../../model";
import { complies, isKnown, unknownTogether, violates } from "../outcomes";

export const serverVersionHasTheFixes: Rule = {
	name: "server-version-has-the-fixes",
	area: "hub",
	title: "No server is older than the oldest version that holds",
	severity: "mandatory",
	why:
		"2.14 brought durable sourcing and duplicate_window 0 on streams that source. Versions before it let a stranger end the " +
		"server through the leaf port before any credentials are shown (CVE-2026-29785, CVE-2026-33218), let no_auth_user in on it, " +
		"and do not check what a leaf may publish. 2.14.3 and 2.14.4 closed further ways past permissions, and from 2.14.5 the " +
		"time-out of dialling, 1 s and too short for a mobile link, can be set. A device needs " +
		`${DEVICE_SERVER_FLOOR}: an older server takes a leaf port that tells no addresses (no_advertise) for a wrong one, and ends the link each time. ` +
		`The hub needs ${HUB_SERVER_FLOOR}: from there on a stream's snapshot says where its sources stand, and an older node of the same cluster rejects it.`,
	remedy: `raise the server to the oldest version that the pack's minimumServer allows, or later; a node of the hub to ${HUB_SERVER_FLOOR} or later`,
	neighbours: [
		"NATS advisories CVE-2026-29785 and CVE-2026-33218 (https://advisories.nats.io)",
		"GitHub advisory GHSA-52jh-2xxh-pwh6",
	],
	example: {
		fails: "services:\n  hub:\n    image: nats:2.11.10\n",
		complies: "services:\n  hub:\n    image: nats:2.15.2\n",
		language: "yaml",
	},
	check: ({ servers }, { minimumServer }) => {
		const floors = { leaf: minimumServer, hub: later(minimumServer, HUB_SERVER_FLOOR) };
		const known = servers.flatMap(({ origin, role, version }) =>
			version === undefined || !isKnown(version) ? [] : judge(origin, version, floors[role]),
		);
		const open = servers.filter(({ version }) => version !== undefined && !isKnown(version));
		const origins = open.map(({ origin }) => origin);
		return [...known, ...unknownTogether(origins, (label) => `version of ${label}`)];
	},
};

function judge(origin: Origin, version: string, minimum: string): Outcome {
	const difference = compare(version, minimum);
	const runs = `${origin.label} runs nats-server ${version}`;
	if (difference === undefined) {
		return violates(origin, `${runs}, which is no version: at least ${minimum} is needed`);
	}
	return difference < 0 ? violates(origin, `${runs}, which is older than ${minimum}`) : complies(origin);
}

function later(a: string, b: string): string {
	return (compare(a, b) ?? 0) < 0 ? b : a;
}

/** Below 0 when `a` is older; a release candidate is older than its release. `undefined` when one is no version. */
function compare(a: string, b: string): number | undefined {
	const left = parse(a);
	const right = parse(b);
	if (left === undefined || right === undefined) {
		return undefined;
	}
	return left.map((part, i) => part - (right[i] ?? 0)).find((difference) => difference !== 0) ?? 0;
}

function parse(version: string): readonly number[] | undefined {
	const match = /^v?(\d+)\.(\d+)\.(\d+)(-[\w.-]+)?(\+[\w.-]+)?$/.exec(version.trim());
	return match === null
		? undefined
		: [Number(match[1]), Number(match[2]), Number(match[3]), match[4] === undefined ? 0 : -1];
}
