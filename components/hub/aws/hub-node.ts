import { createHash } from "node:crypto";
import type * as ec2 from "@pulumi/aws/ec2";
import type * as ssm from "@pulumi/aws/ssm";
import * as pulumi from "@pulumi/pulumi";
import type { AwsSettings } from "../../../config/aws-model";
import { ROUTE_PORT } from "../../../render/hub";
import { PARAMETER, parameterPath, SECRET_PARAMETERS } from "../../../render/node/files";
import { renderFirewall } from "../../../render/node/firewall";
import { type NodeConf, routesBetween } from "../../../render/node/hub-conf";
import { renderRelease, renderVolume } from "../../../render/node/parameters";
import { renderReport } from "../../../render/node/report";
import { renderUserData } from "../../../render/node/script";
import { renderUnit } from "../../../render/node/unit";
import type { RouteCertificates } from "../routes";
import { createApply } from "./apply";
import type { Artifact } from "./artifact";
import type { AwsHubArgs } from "./hub";
import type { Account, Machine } from "./machine";
import type { Tagger } from "./naming";
import { createNode } from "./nodes";
import { createParameters } from "./parameters";
import type { NodeSite } from "./site";
import type { Volumes } from "./volumes";

export interface HubNode {
	readonly key: string;
	readonly instance: ec2.Instance;
	/** The node is healthy with everything that it was given. */
	readonly applied: pulumi.Resource;
	/** Another one when the node's server may have been restarted by an update. */
	readonly state: pulumi.Output<string>;
}

/** What the nodes have in common. */
export interface HubParts extends AwsHubArgs {
	readonly aws: AwsSettings;
	readonly account: Account;
	readonly artifact: Artifact;
	readonly machine: Machine;
	readonly volumes: Volumes;
	readonly routes?: RouteCertificates;
	readonly document: ssm.Document;
	readonly ami: pulumi.Input<string>;
	readonly tags: Tagger;
}

/**
 * One node with its parameters, and the command that brings it to them.
 * @param before the node that must be healthy before anything of this one changes
 */
export function createHubNode(
	name: string,
	place: NodeSite,
	parts: HubParts,
	before: HubNode | undefined,
	opts: pulumi.CustomResourceOptions,
): HubNode {
	const { aws, account, artifact, machine, document, tags, topology, site, profile } = parts;
	const path = parameterPath(topology.settings.environment, site.nodes.indexOf(place));
	const key = aws.kmsKeyId === undefined ? {} : { kmsKeyId: aws.kmsKeyId };
	const volumeId = parts.volumes[place.key]?.id;

	const parameters = createParameters(name, { path, files: nodeFiles(place, parts), ...key, tags }, opts);
	const node = createNode(
		name,
		{
			ami: parts.ami,
			plan: site.plan,
			interfaceId: place.interfaceId,
			profile: machine.profile,
			userData: account.region.apply((region) => renderUserData({ region, path })),
			...(volumeId && { volumeId }),
			...key,
			tags,
		},
		{
			...opts,
			// The site as well: without way out and rules, the first boot reaches nothing; and while nodes are protected,
			// nobody takes the rules from under them.
			dependsOn: [
				site,
				...parameters.resources,
				artifact.object,
				...machine.ready,
				...(before ? [before.applied] : []),
			],
		},
	);
	const applied = createApply(
		name,
		{
			instanceId: node.instance.id,
			document: document.name,
			region: account.region,
			profile,
			generation: parameters.generation,
			script: document.content.apply(sha256),
			// Another type stops and starts the same instance: the next one is not touched before this one is healthy.
			environment: { INSTANCE_TYPE: site.plan.instanceType },
		},
		{ ...opts, dependsOn: node.ready },
	);
	const state = pulumi.interpolate`${node.instance.id} ${site.plan.instanceType} ${parameters.generation}`;
	return { key: place.key, instance: node.instance, applied, state };
}

function nodeFiles(place: NodeSite, parts: HubParts): Parameters<typeof createParameters>[1]["files"] {
	const { artifact, binary, tls, routes, volumes } = parts;
	const release = artifact.url.apply((url) => renderRelease({ url, sha256: binary.sha256, version: binary.version }));
	const contents: Record<string, pulumi.Input<string>> = {
		[PARAMETER.conf]: nodeConf(place, parts).apply(parts.conf),
		[PARAMETER.firewall]: firewall(place, parts),
		[PARAMETER.unit]: renderUnit(),
		[PARAMETER.release]: release,
		[PARAMETER.volume]: volumes[place.key]?.id.apply(renderVolume) ?? renderVolume("instance-store"),
		[PARAMETER.leafCert]: tls.cert,
		[PARAMETER.leafKey]: tls.key,
		[PARAMETER.report]: renderReport(),
		...(routes && {
			[PARAMETER.routeCert]: routes.cert,
			[PARAMETER.routeKey]: routes.key,
			[PARAMETER.routeCa]: routes.ca,
		}),
	};
	return Object.fromEntries(
		Object.entries(contents).map(([file, content]) => [file, { content, secret: SECRET_PARAMETERS.includes(file) }]),
	);
}

function nodeConf(place: NodeSite, { site }: HubParts): pulumi.Output<NodeConf> {
	const { host, privateAddress } = place;
	const index = site.nodes.indexOf(place);
	const addresses = site.nodes.map((node) => node.privateAddress);
	return pulumi.all([host, privateAddress, pulumi.all(addresses)]).apply(([own, address, all]) => {
		return { index, host: own, privateAddress: address, routes: routesBetween(all) };
	});
}

/** The host's own firewall says once more what the security group says, for the day on which that one is changed. */
function firewall(place: NodeSite, { aws, site, topology }: HubParts): pulumi.Output<string> {
	const { leafPort, clientPort } = topology.settings.hub;
	const others = site.nodes.filter((node) => node !== place).map(({ privateAddress }) => privateAddress);
	return pulumi.all([pulumi.all(others), site.blocks]).apply(([peers, blocks]) => {
		const readers = aws.readers.length > 0 ? blocks : [];
		return renderFirewall({ leafPort, clientPort, routePort: ROUTE_PORT, peers, readers });
	});
}

function sha256(text: string): string {
	return createHash("sha256").update(text).digest("hex");
}
