// @ts-check
/** What AWS adds to a resource, as far as programs use it. */

const { createHash } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { plain } = require("../../../toolchain/offline/command-values.js");
const { thingsOf, thing } = require("./world.js");
const { factsOf } = require("./catalog.js");
const { interfacesOf, INTERFACE } = require("./rules.js");

/** @typedef {import("./world.js").World} World */
/** @typedef {Record<string, any>} Values */
/** @typedef {{ world: World, region: string, prefix: string, given: Record<string, Values> }} Surroundings */

const ACCOUNT = "123456789012";

/** @param {World} world @param {string} type @param {Values} inputs secrets unwrapped */
function newId(world, type, inputs) {
	const { id, prefix } = factsOf(type);
	if (id) return id(inputs);
	// Counted, not at random: the same steps give the same world. The number comes last, as in no real id.
	const number = createHash("sha256")
		.update(`${type} ${++world.counter}`)
		.digest("hex")
		.slice(0, 16);
	if (type === "aws:sns/topic:Topic") return `arn:aws:sns:${world.counter}:${ACCOUNT}:${inputs.name}`;
	return `${prefix ?? (type.split(":").pop() ?? "").toLowerCase()}-0${number}`;
}

/**
 * @param {string} type
 * @param {string} id
 * @param {Values} inputs secrets unwrapped
 * @param {Surroundings} around
 * @param {Values} before outputs until now, when it is changed
 * @returns {Values}
 */
function outputsOf(type, id, inputs, around, before = {}) {
	const { region, world } = around;
	const [, service = "", kind = ""] = /^aws:(\w+)\/\w+:(\w+)$/.exec(type) ?? [];
	const arn = (/** @type {string} */ resource, owner = service) =>
		`arn:aws:${owner}:${owner === "iam" || owner === "s3" ? "" : region}:${owner === "s3" ? "" : ACCOUNT}:${resource}`;
	const general = { arn: arn(`${kind.toLowerCase()}/${id}`), region: inputs.region ?? region };
	switch (type) {
		case "aws:ec2/eip:Eip": {
			const publicIp = before.publicIp ?? freeAddress(around);
			return { ...general, allocationId: id, publicIp, publicDns: `ec2-${publicIp.replaceAll(".", "-")}.test` };
		}
		case INTERFACE: {
			const privateIp =
				inputs.privateIp ?? inputs.privateIps?.[0] ?? before.privateIp ?? privateAddress(around, inputs);
			const privateIps = inputs.privateIps ?? [privateIp];
			const macAddress = `02:${id.slice(-10).replace(/(..)(?=.)/g, "$1:")}`;
			return { ...general, privateIp, privateIps, macAddress, ownerId: ACCOUNT };
		}
		case "aws:ec2/instance:Instance":
			return { ...general, ...instance(id, inputs, around) };
		case "aws:ec2/subnet:Subnet":
			return { ...general, availabilityZoneId: `id-${inputs.availabilityZone}`, ownerId: ACCOUNT };
		case "aws:ec2/vpc:Vpc": {
			const id = (/** @type {string} */ prefix) => before[`${prefix}`] ?? `${prefix}-default`;
			return { ...general, ownerId: ACCOUNT, mainRouteTableId: id("rtb"), defaultSecurityGroupId: id("sg") };
		}
		case "aws:ebs/volume:Volume": {
			const { size, type: kind = "gp2", encrypted = false } = inputs;
			return { ...general, arn: arn(`volume/${id}`, "ec2"), size, type: kind, encrypted };
		}
		case "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule":
		case "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule":
			return { ...general, arn: arn(`security-group-rule/${id}`, "ec2"), securityGroupRuleId: id };
		case "aws:ec2/eipAssociation:EipAssociation": {
			const eip = thing(world, "aws:ec2/eip:Eip", inputs.allocationId);
			return { publicIp: plain(eip?.outs.publicIp), region: general.region };
		}
		case "aws:route53/record:Record":
			return { fqdn: inputs.name };
		case "aws:iam/role:Role":
			return { arn: arn(`role/${id}`), uniqueId: `AROA${hash(id, "sha1").slice(0, 17).toUpperCase()}` };
		case "aws:iam/instanceProfile:InstanceProfile":
			return { arn: arn(`instance-profile/${id}`), uniqueId: `AIPA${hash(id, "sha1").slice(0, 17).toUpperCase()}` };
		case "aws:s3/bucket:Bucket": {
			const domain = { bucketDomainName: `${id}.s3.amazonaws.com`, hostedZoneId: "Z21DNDUVLTQW6Q" };
			return { ...general, arn: arn(id), ...domain, bucketRegionalDomainName: `${id}.s3.${region}.amazonaws.com` };
		}
		case "aws:s3/bucketObjectv2:BucketObjectv2": {
			const changed = content(inputs);
			return { ...general, arn: arn(id), etag: hash(changed, "md5"), versionId: hash(changed, "sha1").slice(0, 32) };
		}
		case "aws:ssm/parameter:Parameter":
			return { ...general, arn: arn(`parameter${id.startsWith("/") ? "" : "/"}${id}`), ...parameter(inputs, before) };
		case "aws:ssm/document:Document": {
			const version = String(Number(before.latestVersion ?? 0) + (before.content === inputs.content ? 0 : 1));
			const versions = { latestVersion: version, defaultVersion: version, documentVersion: version };
			return {
				...general,
				arn: arn(`document/${id}`),
				...versions,
				hash: hash(inputs.content, "sha256"),
				status: "Active",
			};
		}
		case "aws:cloudwatch/logGroup:LogGroup":
			return { ...general, arn: arn(`log-group:${id}`, "logs") };
		case "aws:cloudwatch/metricAlarm:MetricAlarm":
			return { ...general, arn: arn(`alarm:${id}`) };
		case "aws:sns/topic:Topic":
			return { ...general, arn: arn(inputs.name) };
		default:
			return general;
	}
}

/** @param {string} id @param {Values} inputs @param {Surroundings} around */
function instance(id, inputs, { world, given, region }) {
	const [first] = interfacesOf(inputs);
	const card = first === undefined ? undefined : thing(world, INTERFACE, first);
	const subnetId = plain(card?.inputs.subnetId) ?? inputs.subnetId;
	const subnet = plain(thing(world, "aws:ec2/subnet:Subnet", subnetId)?.outs) ?? given[subnetId] ?? {};
	const address = thingsOf(world, "aws:ec2/eipAssociation:EipAssociation").find(
		(association) => first !== undefined && plain(association.inputs).networkInterfaceId === first,
	);
	return {
		availabilityZone: inputs.availabilityZone ?? subnet.availabilityZone ?? `${region}a`,
		subnetId,
		primaryNetworkInterfaceId: first ?? `eni-${id.slice(2)}`,
		privateIp: plain(card?.outs.privateIp) ?? inputs.privateIp ?? "10.255.0.10",
		publicIp: plain(address?.outs.publicIp) ?? "",
		instanceState: "running",
	};
}

/** A tier that AWS chose stays: it is read back as what it became. @param {Values} inputs @param {Values} before */
function parameter(inputs, before) {
	const version = (before.version ?? 0) + (before.value === inputs.value && before.type === inputs.type ? 0 : 1);
	const big = Buffer.byteLength(String(inputs.value ?? inputs.insecureValue ?? "")) > 4096;
	const chosen = inputs.tier === "Intelligent-Tiering" ? (big ? "Advanced" : "Standard") : (inputs.tier ?? "Standard");
	return { version, tier: chosen, dataType: inputs.dataType ?? "text" };
}

/** Lowest address that is free, from 11, on loopback: real servers listen there. @param {Surroundings} around */
function freeAddress({ world, prefix }) {
	const taken = thingsOf(world, "aws:ec2/eip:Eip").map((eip) => plain(eip.outs.publicIp));
	for (let last = 11; last < 100; last++) if (!taken.includes(`${prefix}.${last}`)) return `${prefix}.${last}`;
	throw new Error("AddressLimitExceeded: the recording aws provider has 89 addresses");
}

/** @param {Surroundings} around @param {Values} inputs */
function privateAddress({ world, given }, inputs) {
	const subnet = plain(thing(world, "aws:ec2/subnet:Subnet", inputs.subnetId)?.outs) ?? given[inputs.subnetId];
	const network = String(subnet?.cidrBlock ?? "10.255.0.0/24").replace(/\.\d+\/\d+$/, "");
	const taken = thingsOf(world, INTERFACE).map((card) => plain(card.outs.privateIp));
	for (let last = 4; last < 250; last++) if (!taken.includes(`${network}.${last}`)) return `${network}.${last}`;
	throw new Error(`InsufficientFreeAddressesInSubnet: ${inputs.subnetId}`);
}

/** What is in an object; a file's name stands for a file that is not there. @param {Values} inputs */
function content({ content, contentBase64, source }) {
	if (content !== undefined || contentBase64 !== undefined) return content ?? contentBase64;
	if (source?.hash) return source.hash;
	return source?.path ? readFileSync(source.path) : JSON.stringify(source ?? null);
}

/** @param {unknown} value @param {string} algorithm */
const hash = (value, algorithm) =>
	createHash(algorithm)
		.update(Buffer.isBuffer(value) ? value : String(value))
		.digest("hex");

module.exports = { newId, outputsOf, ACCOUNT };
