import { expect, test } from "vitest";
import { OutputsError, parseOutputs } from "../../contract/versions";
import { stackFixture } from "./fixture";

const fixture = () => JSON.parse(JSON.stringify(stackFixture()));

function failure(source: unknown): string {
	try {
		parseOutputs(source);
	} catch (error) {
		if (error instanceof OutputsError) return error.message;
		throw error;
	}
	throw new Error("it was accepted");
}

test("outputs of version 1, whose administrator is in the account of the streams, come back as the newest", () => {
	const { leafline, ...rest } = fixture();
	const { apiPrefix, ...hub } = leafline.hub;
	const read = parseOutputs({ ...rest, leafline: { ...leafline, schemaVersion: 1, hub } });
	expect(read.leafline).toEqual({ ...leafline, hub: { ...hub, apiPrefix: "$JS.hub.API" } });
	expect(apiPrefix).not.toBe("$JS.hub.API");
});

test("outputs of version 2, which do not tell what devices' streams are made of, come back without that", () => {
	const { leafline, ...rest } = fixture();
	const read = parseOutputs({ ...rest, leafline: { ...leafline, schemaVersion: 2 } });
	expect(read.leafline).toEqual(leafline);
	expect(read.leafline.edge).toBeUndefined();
});

test("outputs of this version are read, as text and as an object", () => {
	expect(parseOutputs(fixture())).toEqual(stackFixture());
	expect(parseOutputs(JSON.stringify(fixture()))).toEqual(stackFixture());
});

test("secrets that were masked are absent", () => {
	expect(parseOutputs({ ...fixture(), access: "[secret]", signing: "[secret]" })).toEqual(stackFixture());
});

test("outputs of a newer leafline say so, whatever else is in them", () => {
	expect(failure({ ...fixture(), leafline: { schemaVersion: 6, hubs: [] } })).toBe(
		"the stack was made by a newer leafline: its outputs have schema version 6, this program knows 5; update leafline",
	);
});

test.each([
	[0, "unknown schema version 0 in the stack's outputs"],
	[1.5, "unknown schema version 1.5 in the stack's outputs"],
	["1", 'unknown schema version "1" in the stack\'s outputs'],
	[null, "unknown schema version null in the stack's outputs"],
])("schema version %j is refused", (schemaVersion, message) => {
	expect(failure({ ...fixture(), leafline: { ...fixture().leafline, schemaVersion } })).toBe(message);
});

test("another project's stack is told from a damaged one", () => {
	expect(failure({ vpcId: "vpc-1", bucket: "b" })).toBe(
		'this is not a leafline stack: no output "leafline", only vpcId, bucket',
	);
	expect(failure({ leafline: "something else" })).toBe(
		'this is not a leafline stack: no output "leafline", only leafline',
	);
});

test("a stack that was never brought up has the remedy", () => {
	expect(failure({})).toBe("the stack has no outputs; bring it up first: npm run up");
});

test.each([["not json"], ["[]"], ["null"], ["7"], [""]])("%j is one readable line", (text) => {
	expect(failure(text)).toMatch(/^the stack's outputs are not (JSON|a JSON object)$/);
});

test("damage names the place", () => {
	const outputs = fixture();
	outputs.leafline.devices.edge1.clientPort = 0;
	expect(failure(outputs)).toMatch(/^the stack's outputs are damaged:\n.*\n.*leafline\.devices\.edge1\.clientPort/);
});
