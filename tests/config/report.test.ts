import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ConfigError, type Problem } from "../../config/errors";
import { parseFleet } from "../../config/fleet";
import { formatTopologyProblems, locateProblems } from "../../config/report";
import { COMPLIANT } from "./compliant";

const folder = mkdtempSync(join(tmpdir(), "leafline-report-"));
afterAll(() => rmSync(folder, { recursive: true }));

function problem(document: Problem["document"], path: Problem["path"]): Problem {
	return { document, path, message: "does not fit", remedy: "make it fit" };
}

describe("problems that are found after the files were read", () => {
	const fleet = parseFleet(COMPLIANT, "fleets/x.yaml");
	const settingsFile = join(folder, "Pulumi.x.yaml");
	writeFileSync(
		settingsFile,
		"config:\n  leafline:fleet: fleets/x.yaml\n  leafline:hub:\n    nodes: 3\n    file: 1GiB\n",
	);

	it.each([
		["a value", ["classes", "can", "rate"], "16:11  classes.can.rate"],
		["a map", ["classes", "can"], "15:3  classes.can"],
		["a list's item", ["groups", "south", "devices", 1], "41:9  groups.south.devices[1]"],
		["a default, by what it would stand in", ["classes", "debug", "hub", "keep"], "22:3  classes.debug.hub.keep"],
		["nothing at all", ["nowhere", "at", "all"], "1:1  nowhere.at.all"],
		["more than there is", ["fleet", "name"], "2:8  fleet.name"],
		["the file", [], "1:1"],
	])("have the place of %s", (_, path, said) => {
		const text = formatTopologyProblems([problem("fleet", path)], { fleet, settingsFile });
		expect(text).toBe(`fleets/x.yaml:${said}${path.length > 0 ? ":" : " "} does not fit; make it fit`);
	});

	it.each([
		["a setting", ["hub", "file"], ":5:11  leafline:hub.file"],
		["a default, by what it would stand in", ["hub", "memory"], ":3:3  leafline:hub.memory"],
		["a setting from elsewhere", ["sourcing"], "  leafline:sourcing"],
	])("have the place of %s", (_, path, said) => {
		const text = formatTopologyProblems([problem("settings", path)], { fleet, settingsFile });
		expect(text).toBe(`${settingsFile}${said}: does not fit; make it fit`);
	});

	it("do without the place in settings that are no file", () => {
		const none = join(folder, "none.yaml");
		expect(formatTopologyProblems([problem("settings", ["hub", "file"])], { settingsFile: none })).toBe(
			`${none}  leafline:hub.file: does not fit; make it fit`,
		);
	});

	it("come in the order of the file", () => {
		const found = [problem("fleet", ["groups", "north"]), problem("fleet", ["classes", "can", "size"])];
		const lines = formatTopologyProblems(found, { fleet, settingsFile }).split("\n");
		expect(lines.map((line) => line.split("  ")[0])).toEqual(["fleets/x.yaml:17:11", "fleets/x.yaml:35:3"]);
	});

	it("make an error whose message is all of them", () => {
		const problems = locateProblems([problem("fleet", ["fleet"])], { fleet, settingsFile });
		const error = new ConfigError(problems);
		expect(error.message).toBe("fleets/x.yaml:2:8  fleet: does not fit; make it fit");
		expect(error.problems).toEqual(problems);
	});
});
