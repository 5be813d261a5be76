import { expect, test } from "vitest";
import { parseFleet } from "../../config/fleet";
import { parseSettings } from "../../config/settings";
import { plan } from "../../topology/plan";
import { BLOCK, MAX_BLOCKS } from "../../topology/shards";

const FLEET = `apiVersion: leafline/v1
fleet: many
classes:
  can: { rate: 1/min, size: 128B, whenFull: refuse, hub: { keep: 1d } }
groups:
  all: { devices: "truck-[0001-6400]" }
`;

// docs/fleet.md: a stream for every 64 devices, up to 32 streams.
test("6,400 devices share the most streams that a class has by itself", () => {
	const { fleet } = parseFleet(FLEET, "x.yaml");
	const { settings } = parseSettings("prod", { fleet: "x.yaml", hub: { kind: "aws", nodes: 3, file: "1TiB" } });
	if (!fleet || !settings) throw new Error("refused");
	const { topology, problems } = plan(fleet, settings);
	expect(problems).toEqual([]);
	const sources = Object.values(topology?.hubStreams ?? {}).map(({ config }) => config.sources?.length);
	// A hundred blocks of 64, dealt out to 32 streams.
	expect(sources).toEqual(Array.from({ length: MAX_BLOCKS }, (_, index) => (index < 4 ? 4 : 3) * BLOCK));
	expect(Object.keys(topology?.edgeGroups ?? {})).toHaveLength(MAX_BLOCKS);
	expect(BLOCK * MAX_BLOCKS).toBe(2048);
}, 30_000);
