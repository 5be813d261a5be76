import * as pulumi from "@pulumi/pulumi";
import { beforeEach, expect, it } from "vitest";
import { roster as handler } from "../../components/identity/handlers/roster";
import { keepRoster } from "../../components/identity/roster";
import { DynamicResource } from "../../components/streams/dynamic";
import { firstRoster } from "../../topology/roster";
import { benchTopology } from "../support/bench-fleet";

const TOPOLOGY = benchTopology(1);
const seen = new Map<string, Record<string, unknown>>();

beforeEach(async () => {
	seen.clear();
	const newResource = async ({ name, inputs }: pulumi.runtime.MockResourceArgs) => {
		// As the engine: what it has of a resource is what the provider computes of it, and nothing else.
		const state = name === "roster" ? (await handler.check?.({}, inputs))?.inputs : inputs;
		seen.set(name, inputs);
		return { id: name, state };
	};
	await pulumi.runtime.setMocks({ newResource, call: () => ({}) }, "leafline", "test", true);
});

class After extends DynamicResource {
	constructor(roster: pulumi.Input<unknown>) {
		super("stream", "Stream", "after", { roster });
	}
}

it.each([
	["was never replaced", TOPOLOGY],
	["was replaced", { ...TOPOLOGY, fleet: { ...TOPOLOGY.fleet, signingKey: { rotation: 1, end: 0 } } }],
])("is known in a preview, also where the signing key %s", async (_, topology) => {
	const after = new After(keepRoster(topology, {}));
	await new Promise((resolve) => after.urn.apply(resolve));
	expect(seen.get("after")?.roster).toEqual(firstRoster(topology.fleet));
});
