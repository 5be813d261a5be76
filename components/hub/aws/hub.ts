import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as ec2 from "@pulumi/aws/ec2";
import * as ssm from "@pulumi/aws/ssm";
import * as pulumi from "@pulumi/pulumi";
import { hubPath, logGroup, VOLUME_METRIC } from "../../../render/node/files";
import type { NodeConf } from "../../../render/node/hub-conf";
import { renderApplyDocument } from "../../../render/node/script";
import { awsSettings } from "../../../topology/aws";
import { namePrefix } from "../../../topology/aws-names";
import type { Topology } from "../../../topology/model";
import { digest } from "../digest";
import { createRouteCertificates, type RouteCertificates } from "../routes";
import { createAlarms } from "./alarms";
import { createArtifact } from "./artifact";
import { createHubNode, type HubNode } from "./hub-node";
import { createMachineIdentity, lookUpAccount } from "./machine";
import { tagger } from "./naming";
import type { AwsSite } from "./site";
import { createSnapshots } from "./snapshots";
import { createVolumes } from "./volumes";

export interface AwsHubArgs {
	/** Of a stack whose hub is on AWS (`settings.hub.aws`). */
	readonly topology: Topology;
	/** Where the hub is reached. */
	readonly site: AwsSite;
	/** Text of a node's hub.conf, with the paths of `render/node/files.ts`. */
	readonly conf: (node: NodeConf) => pulumi.Output<string>;
	/** PEM of the leaf port's certificate and its key. */
	readonly tls: { readonly cert: pulumi.Input<string>; readonly key: pulumi.Input<string> };
	/** The nats-server that nodes run, for their processor. */
	readonly binary: { readonly path: string; readonly sha256: string; readonly version: string };
	/** Named profile of the AWS configuration for commands to the nodes. @default the caller's credentials */
	readonly profile?: string;
}

/** How long CloudWatch keeps the nodes' journals. */
const LOG_DAYS = 30;

/** The hub as one or three machines on AWS. What depends on the component finds every node healthy. */
export class AwsHub extends pulumi.ComponentResource {
	/** Where leaf nodes connect, every node's. */
	readonly urls: pulumi.Output<string[]>;
	/** Another one when the messages are on other disks: accounts that the hub was given may be lost. */
	readonly generation: pulumi.Output<string>;
	/** Of the binary that every node runs. */
	readonly serverVersion: string;
	/** Another one when an update may have restarted servers: streams have other leaders then. */
	readonly restarts: pulumi.Output<string>;

	constructor(name: string, args: AwsHubArgs, opts?: pulumi.ComponentResourceOptions) {
		super("leafline:hub:AwsHub", name, {}, opts);
		const { topology, site } = args;
		const { environment, allowDataLoss } = topology.settings;
		const aws = awsSettings(topology);
		const own = { parent: this };
		const tags = tagger(topology);
		const account = lookUpAccount(own);
		const keep = !allowDataLoss;
		const key = aws.kmsKeyId === undefined ? {} : { kmsKeyId: aws.kmsKeyId };
		const { permissionsBoundary } = aws;
		const bounded = permissionsBoundary === undefined ? {} : { permissionsBoundary };

		const logs = createLogs(name, environment, tags(name), own);
		const artifact = createArtifact(name, { binary: args.binary, environment, tags }, own);
		const rights = { parameters: hubPath(environment), bucketArn: artifact.bucketArn, logGroupArn: logs.arn };
		const metrics = VOLUME_METRIC.namespace;
		const machine = createMachineIdentity(
			name,
			{ ...rights, ...key, ...bounded, account, environment, metrics, tags },
			own,
		);
		const { volume: plan } = site.plan;
		const zones = Object.fromEntries(site.nodes.map((node) => [node.key, node.zone]));
		const volumes = plan ? createVolumes(name, { plan, zones, ...key, tags }, own) : {};
		const routes = createRoutes(`${name}-routes`, site, { ...own, protect: keep });
		const document = createDocument(name, environment, tags(name), own);
		const ami = lookUpImage(site.plan.image, own);

		const shared = {
			...args,
			aws,
			account,
			artifact,
			machine,
			volumes,
			document,
			ami,
			tags,
			...(routes && { routes }),
		};
		const nodes: HubNode[] = [];
		// Each waits for the one before it to be healthy: of three, two are always there.
		for (const place of site.nodes) nodes.push(createHubNode(`${name}-${place.key}`, place, shared, nodes.at(-1), own));

		const instances = Object.fromEntries(nodes.map(({ key, instance }) => [key, instance.id]));
		const recover = plan !== undefined;
		const watch = { account, instances, volumeMetric: VOLUME_METRIC, environment, recover, tags };
		createAlarms(name, { ...watch, ...(aws.alarms && { alarms: aws.alarms }) }, own);
		const { snapshots } = aws;
		if (plan) createSnapshots(`${name}-snapshots`, { account, environment, snapshots, ...bounded, tags }, own);

		const homes = plan ? Object.values(volumes).map(({ id }) => id) : Object.values(instances);
		this.urls = site.urls;
		this.serverVersion = args.binary.version;
		this.generation = pulumi.all(homes).apply((ids) => ids.join(" "));
		this.restarts = pulumi.all(nodes.map(({ state }) => state)).apply(digest);
		this.registerOutputs({ urls: this.urls });
	}
}

function createLogs(
	name: string,
	environment: string,
	tags: Record<string, string>,
	opts: pulumi.CustomResourceOptions,
): cloudwatch.LogGroup {
	return new cloudwatch.LogGroup(name, { name: logGroup(environment), retentionInDays: LOG_DAYS, tags }, opts);
}

/** Only a hub of several nodes has routes. */
function createRoutes(
	name: string,
	{ nodes }: AwsSite,
	opts: pulumi.CustomResourceOptions,
): RouteCertificates | undefined {
	if (nodes.length === 1) return undefined;
	return createRouteCertificates(
		name,
		nodes.map(({ privateAddress }) => privateAddress),
		opts,
	);
}

/** What Run Command does on a node: the newest script, and everything that changed in its parameters. */
function createDocument(
	name: string,
	environment: string,
	tags: Record<string, string>,
	opts: pulumi.CustomResourceOptions,
): ssm.Document {
	const content = renderApplyDocument();
	return new ssm.Document(
		name,
		{
			name: `${namePrefix(environment)}${name}`,
			documentType: "Command",
			documentFormat: "JSON",
			targetType: "/AWS::EC2::Instance",
			content,
			tags,
		},
		opts,
	);
}

/** An id as it stands, or the one image of Amazon's with exactly this name: never the newest of several. */
function lookUpImage(image: string, opts: pulumi.InvokeOptions): pulumi.Input<string> {
	if (image.startsWith("ami-")) return image;
	const filters = [{ name: "name", values: [image] }];
	// Amazon calls an image deprecated after 90 days, and keeps it.
	return ec2.getAmiOutput({ owners: ["amazon"], filters, includeDeprecated: true }, opts).id;
}
