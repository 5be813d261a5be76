import { boundary } from "../../../../render/iam/boundary";
import { toDocument } from "../../../../render/iam/document";
import type { Scope, Statement } from "../../../../render/iam/model";
import { type RoleName, statementsOf } from "../../../../render/iam/plan";
import { boundaryArn, hubFacts } from "../../../../render/iam/scope";
import { awsSettings } from "../../../../topology/aws";
import type { Topology } from "../../../../topology/model";
import { awsTopology, type Deployed, deploy } from "../../../aws/deploy";
import { AccountOf } from "./calls/model";
import type { Identity, JsonStatement } from "./evaluate";

/** An environment in the test's account: what its program makes, and what its roles may. */
export interface Environment {
	readonly name: string;
	readonly scope: Scope;
	readonly world: AccountOf;
	readonly deployed: Deployed;
	may(role: RoleName): Identity;
	/** A role that the stack has made, with every right that could be written into it. */
	readonly anyOwnRole: Identity;
}

export const STATE = { bucket: "acme-pulumi-state", project: "leafline" };
const PLACE = { partition: "aws", region: "eu-central-1", account: "123456789012" };

/** As AWS reads it. */
export function json(statements: readonly Statement[]): readonly JsonStatement[] {
	return JSON.parse(toDocument(statements)).Statement;
}

interface Shape {
	readonly aws?: object;
	readonly nodes?: number;
}

const known = new Map<string, Promise<Environment>>();

/** @param name the stack's @param hub its settings; three nodes unless they say otherwise */
export function environment(name: string, hub: Shape = {}): Promise<Environment> {
	const key = JSON.stringify([name, hub]);
	const found = known.get(key) ?? make(name, hub);
	known.set(key, found);
	return found;
}

async function make(name: string, hub: Shape): Promise<Environment> {
	const limit = boundaryArn({ ...PLACE, environment: name });
	const topology: Topology = awsTopology(
		{ kind: "aws", nodes: 3, ...hub, aws: { permissionsBoundary: limit, ...hub.aws } },
		name,
	);
	const facts = hubFacts(topology.settings.hub, awsSettings(topology));
	const scope: Scope = {
		...PLACE,
		environment: name,
		boundary: limit,
		hub: facts,
		state: STATE,
		stateKey: `arn:aws:kms:eu-central-1:123456789012:key/state-of-${name}`,
	};
	const { network } = facts;
	const given = network && { vpcId: network.vpcId, subnetId: network.subnetIds[0] ?? "" };
	const everything: JsonStatement = { Sid: "Everything", Effect: "Allow", Action: "*", Resource: "*" };
	return {
		name,
		scope,
		world: new AccountOf(name, limit, given),
		deployed: await deploy(topology),
		may: (role) => ({ policies: json(statementsOf(scope, role)) }),
		anyOwnRole: { policies: [everything], boundary: json(boundary(scope)) },
	};
}
