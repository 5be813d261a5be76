import * as pulumi from "@pulumi/pulumi";
import { beforeEach, describe, expect, test } from "vitest";
import { DynamicResource, dynamicType, providerText } from "../../components/streams/dynamic";

interface Registered {
	type: string;
	name: string;
	inputs: Record<string, unknown>;
}

const registered: Registered[] = [];

beforeEach(async () => {
	registered.length = 0;
	await pulumi.runtime.setMocks(
		{
			newResource: ({ type, name, inputs }) => {
				registered.push({ type, name, inputs });
				return { id: name, state: inputs };
			},
			call: () => ({}),
		},
		"leafline",
		"test",
	);
});

class Sample extends DynamicResource {
	constructor(name: string, opts?: pulumi.CustomResourceOptions) {
		super("stream", "Stream", name, { value: 1 }, opts);
	}
}

/** What the pinned `@pulumi/pulumi` registers for a dynamic resource of its own. */
class Reference extends pulumi.dynamic.Resource {
	constructor(name: string) {
		super({ create: async () => ({ id: "x" }) }, name, { value: 1 }, {}, "leafline", "Stream");
	}
}

const urnOf = (resource: pulumi.Resource) => new Promise<string>((resolve) => resource.urn.apply(resolve));

describe("a leafline resource", () => {
	test("is registered as Pulumi's own dynamic resources are, but for the text", async () => {
		await Promise.all([urnOf(new Sample("ours")), urnOf(new Reference("theirs"))]);
		const ours = registered.find(({ name }) => name === "ours");
		const theirs = registered.find(({ name }) => name === "theirs");
		expect(ours?.type).toBe(theirs?.type);
		expect(Object.keys(ours?.inputs ?? {}).sort()).toEqual(
			[...Object.keys(theirs?.inputs ?? {}), "resourceUrn"].sort(),
		);
		expect(typeof theirs?.inputs.__provider).toBe("string");
	});

	test("carries a text that must never change, for old states hold it", () => {
		expect(providerText("stream")).toBe('exports.handler=()=>require("@leafline/provider").stream');
		expect(providerText("edgeStreams")).toBe('exports.handler=()=>require("@leafline/provider").edgeStreams');
		expect(dynamicType("Stream")).toBe("pulumi-nodejs:dynamic/leafline:Stream");
	});

	test("tells the provider its own URN, also under a component", async () => {
		class Parent extends pulumi.ComponentResource {
			readonly child = new Sample("child", { parent: this });
			constructor() {
				super("leafline:test:Parent", "parent");
			}
		}
		const { child } = new Parent();
		const urn = await urnOf(child);
		expect(registered.find(({ name }) => name === "child")?.inputs.resourceUrn).toBe(urn);
		expect(urn).toContain("leafline:test:Parent$pulumi-nodejs:dynamic/leafline:Stream::child");
	});
});
