import { describe, expect, test } from "vitest";
import { hubBudget } from "../../../topology/hub-budget";
import { deviceRole } from "../../../topology/permissions";
import { releasesRole } from "../../../topology/rollout/permissions";
import { rolloutStreams } from "../../../topology/rollout/streams";
import { isSubset } from "../../../topology/subjects";
import { makeFleet, makeSettings } from "../fixtures";

const GIB = 1024 ** 3;

describe("the buckets of a rollout", () => {
	test("are none without room for releases, and as many copies as nodes with it", () => {
		expect(rolloutStreams(makeSettings())).toEqual([]);
		const made = rolloutStreams(makeSettings({ rolloutBytes: GIB, hub: { nodes: 3 } }));
		expect(made.map(({ name, num_replicas, max_bytes }) => [name, num_replicas, max_bytes])).toEqual([
			["KV_leafline_releases", 3, GIB],
			["KV_leafline_rollout", 3, 64 * 1024 ** 2],
		]);
	});

	test("refuse when they are full, and take no roll-up: who writes one key could empty all", () => {
		for (const config of rolloutStreams(makeSettings({ rolloutBytes: GIB }))) {
			expect(config).toMatchObject({ discard: "new", max_msgs_per_subject: 1, duplicate_window: 0 });
			expect(Object.keys(config)).not.toContain("allow_rollup_hdrs");
		}
	});

	test("take their room from the streams of classes", () => {
		const available = (rolloutBytes?: number) => {
			const settings = makeSettings({ hub: { nodes: 3, fileBytes: 100 * GIB }, ...(rolloutBytes && { rolloutBytes }) });
			return hubBudget(makeFleet(), settings, []).budget.availableBytes;
		};
		expect(available() - available(GIB)).toBe(3 * (GIB + 64 * 1024 ** 2));
	});
});

test("what a device may do for releases is none of what it may do on its own link, and hears no API", () => {
	const { publish, subscribe } = releasesRole();
	const own = deviceRole(["hub_commands"]);
	expect(publish.filter((subject) => own.publish.some((wide) => isSubset(subject, wide)))).toEqual([]);
	expect(subscribe).toEqual(["_INBOX.{{name()}}.>"]);
	// Each subject but the parts that all have in common names the device.
	expect(publish.filter((subject) => !subject.includes("{{name()}}"))).toEqual(["releases.part.*.*"]);
});
