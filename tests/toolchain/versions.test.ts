import { describe, expect, it } from "vitest";
import { HUB_SERVER_FLOOR } from "../../topology/server-floors";
import { load } from "./support";

const { parseVersion, compareVersions, inRange } = load(
	"../../toolchain/versions.js",
) as typeof import("../../toolchain/versions.js");
const { TOOLS } = load("../../toolchain/requirements.js") as typeof import("../../toolchain/requirements.js");

describe("versions", () => {
	it.each([
		["v3.259.0", [3, 259, 0]],
		["nats-server: v2.15.2\n", [2, 15, 2]],
		["0.4.0", [0, 4, 0]],
		["go version go1.26.8 linux/amd64", [1, 26, 8]],
		["v3.260.0-alpha.1+dirty", [3, 260, 0]],
		["v20.19", [20, 19, 0]],
		["development", undefined],
		["", undefined],
	])("reads %j", (text, version) => {
		expect(parseVersion(text)).toEqual(version);
	});

	it("orders by number, not by letter", () => {
		expect(compareVersions([2, 9, 25], [2, 15, 0])).toBeLessThan(0);
		expect(compareVersions([2, 15, 10], [2, 15, 9])).toBeGreaterThan(0);
		expect(compareVersions([2, 15, 2], [2, 15, 2])).toBe(0);
	});

	it.each([
		["pulumi", "3.249.9", false],
		["pulumi", "3.250.0", true],
		["pulumi", "3.300.1", true],
		["pulumi", "4.0.0", false],
		["nats-server", "2.14.5", false],
		["nats-server", "2.15.0", true],
		["nats-server", "3.0.0", false],
		["nats", "0.0.35", true],
	])("%s %s: taken from PATH is %s", (name, text, fits) => {
		const tool = TOOLS.find((candidate) => candidate.name === name);
		const version = parseVersion(text);
		expect(version && tool && inRange(version, tool)).toBe(fits);
	});

	it("builds only versions that it would accept", () => {
		for (const tool of TOOLS) expect(inRange(tool.version, tool)).toBe(true);
	});
});

it("the hub's nats-server is the same here, before anything is compiled, as where it is decided", () => {
	const { atLeast } = TOOLS.find(({ name }) => name === "nats-server") ?? {};
	expect(atLeast?.join(".")).toBe(HUB_SERVER_FLOOR);
});
