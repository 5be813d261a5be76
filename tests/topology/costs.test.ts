import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { openFleet } from "../../config/fleet";
import { parseSettings } from "../../config/settings";
import { type Costs, hubCosts, PRICES, totalOf } from "../../topology/costs";
import type { Topology } from "../../topology/model";
import { plan } from "../../topology/plan";

const ROOT = join(__dirname, "../..");
const page = (name: string) => readFileSync(join(ROOT, "docs", name), "utf8");

/** The stack as it stands in the repository. */
function stack(name: string): Topology {
	const { config } = parse(readFileSync(join(ROOT, `Pulumi.${name}.yaml`), "utf8")) as {
		config: Record<string, unknown>;
	};
	const raw = Object.entries(config).filter(([key]) => key.startsWith("leafline:"));
	const { settings } = parseSettings(name, Object.fromEntries(raw.map(([key, value]) => [key.slice(9), value])));
	const planned = settings && plan(openFleet(join(ROOT, settings.fleet)).fleet, settings);
	if (!planned?.topology) throw new Error(JSON.stringify(planned?.problems));
	return planned.topology;
}

/** Whole dollars, cents below ten; from a thousand on to the nearest ten. */
function dollars(amount: number): string {
	if (amount === 0) return "0";
	const rounded = amount >= 1_000 ? Math.round(amount / 10) * 10 : amount;
	return rounded.toLocaleString("en-US", {
		maximumFractionDigits: amount < 10 ? 2 : 0,
		minimumFractionDigits: amount < 10 ? 2 : 0,
	});
}

const in2 = (topology: Topology): [Costs, Costs] => [
	hubCosts(topology, PRICES["us-east-1"]),
	hubCosts(topology, PRICES["eu-central-1"]),
];
const both = (costs: readonly [Costs, Costs], of: (costs: Costs) => number) => costs.map(of).map(dollars).join(" / ");

describe("the pages about costs", () => {
	const dev = in2(stack("dev"));
	const staging = in2(stack("staging"));
	const prod = in2(stack("prod"));

	it.each<[string, (costs: Costs) => number]>([
		["instances", ({ instances }) => instances],
		["data volumes", ({ volumes }) => volumes],
		["operations and throughput beyond", ({ performance }) => performance],
		["root volumes", ({ roots }) => roots],
		["public addresses", ({ addresses }) => addresses],
		["alarms, metrics, journal", ({ watching }) => watching],
		["snapshots", ({ snapshots }) => snapshots],
		["between zones", ({ betweenZones }) => betweenZones],
		["to devices", ({ toDevices }) => toDevices],
		["**altogether**", totalOf],
	])("costs.md says of %s what is computed", (what, of) => {
		const row = page("costs.md")
			.split("\n")
			.find((line) => line.startsWith(`| ${what}`));
		expect(
			row
				?.split("|")
				.slice(2, 5)
				.map((cell) => cell.trim().replaceAll("*", "")),
		).toEqual([both(dev, of), both(staging, of), both(prod, of)]);
	});

	it("operations.md and README.md say the same", () => {
		const [low, high] = prod.map(totalOf).map(dollars);
		const [small, large] = dev.map(totalOf).map(dollars);
		expect(page("operations.md")).toContain(
			`$${small} to $${large} a month for \`dev\`, $${low} to $${high} for \`prod\``,
		);
		expect(readFileSync(join(ROOT, "README.md"), "utf8")).toContain(`$${small} to $${large} a month`);
	});
});
