import { expect, test } from "vitest";
import { openFleet } from "../../../config/fleet";
import { parseSettings } from "../../../config/settings";
import { evaluate } from "../../../policies/evaluate";
import { fromTopology } from "../../../policies/from-topology";
import { rules } from "../../../policies/rules";
import { plan } from "../../../topology/plan";
import { compliantDesign, compliantTopology, policyConfig } from "../fixture";

test("a planned topology keeps every rule", () => {
	expect(evaluate(fromTopology(compliantTopology()), policyConfig(), rules)).toEqual([]);
});

test("streams and devices are those of the design that the rules are tested with", () => {
	const bare = (design: ReturnType<typeof compliantDesign>) => ({
		streams: design.streams.map(({ origin, ...stream }) => ({ ...stream, label: origin.label })),
		devices: design.devices.map(({ origin, ...device }) => ({ ...device, label: origin.label })),
	});
	expect(bare(fromTopology(compliantTopology()))).toEqual(bare(compliantDesign()));
});

test("every stream, server and device has its place in a document", () => {
	const { streams, servers, devices, ingress } = fromTopology(compliantTopology());
	for (const { origin } of [...streams, ...servers, ...devices, ...ingress]) {
		expect(origin.place?.path.length, origin.label).toBeGreaterThan(0);
	}
});

test("500 trucks are judged well below a second", () => {
	const { settings } = parseSettings("prod", {
		fleet: "fleets/mine.yaml",
		hub: { kind: "aws", nodes: 3, file: "1TiB" },
	});
	if (settings === undefined) throw new Error("no settings");
	const { topology } = plan(openFleet("fleets/mine.yaml").fleet, settings);
	if (topology === undefined) throw new Error("no topology");
	const started = performance.now();
	const design = fromTopology(topology);
	const built = performance.now() - started;
	expect(design.devices.length).toBe(500);
	const findings = evaluate(design, policyConfig(), rules);
	const judged = performance.now() - started;
	process.stdout.write(`design ${built.toFixed(0)} ms, judged after ${judged.toFixed(0)} ms\n`);
	expect(findings).toEqual([]);
	expect(built).toBeLessThan(1000);
});
