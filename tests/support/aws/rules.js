// @ts-check
/** What AWS refuses, in the cases that matter to a hub. Each throws with the words that AWS has for it, or nearly. */

const { plain } = require("../../../toolchain/offline/command-values.js");
const { thingsOf, thing } = require("./world.js");
const { factsOf } = require("./catalog.js");

/** @typedef {import("./world.js").World} World @typedef {import("./world.js").Thing} Thing */
/** @typedef {Record<string, any>} Values */

const INSTANCE = "aws:ec2/instance:Instance";
const INTERFACE = "aws:ec2/networkInterface:NetworkInterface";
const VOLUME = "aws:ebs/volume:Volume";
const ATTACHMENT = "aws:ec2/volumeAttachment:VolumeAttachment";
const ID = /^(vpc|subnet|igw|rtb|sg|eni|eipalloc|vol|i)-[0-9a-f]{8,17}$/;

/** @param {unknown} value @returns {string[]} */
function idsIn(value) {
	if (typeof value === "string") return ID.test(value) ? [value] : [];
	return typeof value === "object" && value !== null ? Object.values(value).flatMap(idsIn) : [];
}

/** Things whose inputs name an id. @param {World} world @param {string} id */
const usersOf = (world, id) => Object.values(world.things).filter((other) => idsIn(plain(other.inputs)).includes(id));

/** Interface that an instance was started with. @param {Values} inputs @returns {string[]} */
const interfacesOf = (inputs) =>
	[inputs.primaryNetworkInterface, ...(inputs.networkInterfaces ?? [])].flatMap((entry) =>
		entry?.networkInterfaceId ? [entry.networkInterfaceId] : [],
	);

/**
 * Properties that exclude each other, limits of size; known at preview.
 *
 * @param {string} type
 * @param {Values} inputs secrets unwrapped
 * @returns {string[]}
 */
function contradictions(type, inputs) {
	const { oneOf = [], conflicts } = factsOf(type);
	const given = (/** @type {string} */ name) => inputs[name] !== undefined && inputs[name] !== null;
	const found = oneOf
		.filter((names) => names.filter(given).length !== 1)
		.map(
			(names) => `exactly one of ${names.join(", ")} must be given, not ${names.filter(given).join(", ") || "none"}`,
		);
	if (conflicts && given(conflicts[0])) {
		const others = conflicts[1].filter(given);
		if (others.length > 0) found.push(`${conflicts[0]} excludes ${others.join(", ")}; take one away`);
	}
	return [...found, ...tooBig(type, inputs)];
}

/** @param {string} type @param {Values} inputs @returns {string[]} */
function tooBig(type, inputs) {
	const size = (/** @type {unknown} */ text) => (typeof text === "string" ? Buffer.byteLength(text) : 0);
	const most = inputs.tier === "Standard" || !inputs.tier ? 4096 : 8192;
	/** @type {[string, string, unknown, number][]} */
	const limits = [
		["aws:ssm/parameter:Parameter", "value", inputs.value, most],
		["aws:ssm/parameter:Parameter", "insecureValue", inputs.insecureValue, most],
		[INSTANCE, "userData", inputs.userData, 16_384],
		["aws:ssm/document:Document", "content", inputs.content, 65_536],
		["aws:iam/rolePolicy:RolePolicy", "policy", inputs.policy, 10_240],
		["aws:iam/role:Role", "name", inputs.name, 64],
		["aws:ec2/securityGroup:SecurityGroup", "description", inputs.description, 255],
		["aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "description", inputs.description, 255],
		["aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "description", inputs.description, 255],
	];
	const over = limits.filter(([of, , text, limit]) => of === type && size(text) > limit);
	const found = over.map(([, name, text, limit]) => `${name} has ${size(text)} bytes; AWS takes ${limit} at most`);
	if (type.startsWith("aws:vpc/securityGroup") || type === "aws:ec2/securityGroup:SecurityGroup") {
		const odd = /[^0-9A-Za-z_ .:/()#,@[\]+=&;{}!$*-]/.exec(String(inputs.description ?? ""));
		if (odd) found.push(`description has ${JSON.stringify(odd[0])}, which AWS does not take there; leave it out`);
	}
	return found;
}

/** @param {World} world @param {Values} given @param {string} type @param {Values} inputs */
function requireCreatable(world, given, type, inputs) {
	for (const id of idsIn(inputs)) {
		const there = Object.values(world.things).some((other) => other.id === id) || id in given;
		if (!there) throw new Error(`NotFound: the ID '${id}' does not exist`);
	}
	const { unique } = factsOf(type);
	const same =
		unique && thingsOf(world, type).find((other) => unique.every((key) => plain(other.outs)[key] === inputs[key]));
	if (same && !(type.endsWith(":Parameter") && inputs.overwrite)) {
		throw new Error(`AlreadyExists: ${unique.map((key) => `${key} ${inputs[key]}`).join(", ")} (${same.name})`);
	}
	if (type === INSTANCE) {
		for (const id of interfacesOf(inputs)) {
			const owner = instanceOf(world, id);
			if (owner) throw new Error(`InvalidNetworkInterface.InUse: Interface: [${id}] in use by ${owner.id}`);
		}
	}
	if (type === ATTACHMENT) requireAttachable(world, inputs);
	if (type === "aws:ec2/eipAssociation:EipAssociation" && !inputs.allowReassociation) {
		const taken = thingsOf(world, type).find((other) => plain(other.inputs).allocationId === inputs.allocationId);
		if (taken) throw new Error(`Resource.AlreadyAssociated: ${inputs.allocationId} is associated by ${taken.id}`);
	}
}

/** @param {World} world @param {Values} inputs */
function requireAttachable(world, { volumeId, instanceId, deviceName }) {
	for (const other of thingsOf(world, ATTACHMENT).map((attachment) => plain(attachment.inputs))) {
		if (other.volumeId === volumeId) throw new Error(`VolumeInUse: ${volumeId} is already attached to an instance`);
		if (other.instanceId === instanceId && other.deviceName === deviceName) {
			throw new Error(`InvalidParameterValue: ${deviceName} is already in use by ${instanceId}`);
		}
	}
	const zone = thing(world, VOLUME, volumeId)?.outs.availabilityZone;
	const other = thing(world, INSTANCE, instanceId)?.outs.availabilityZone;
	if (zone && other && zone !== other) {
		throw new Error(`InvalidVolume.ZoneMismatch: The volume '${volumeId}' is not in the same availability zone`);
	}
}

/** The living instance that an interface is attached to. @param {World} world @param {string} id */
function instanceOf(world, id) {
	return thingsOf(world, INSTANCE).find((instance) => interfacesOf(plain(instance.inputs)).includes(id));
}

/** Types that cannot go while things of the other types name them. @type {Record<string, string[]>} */
const HELD_BY = {
	"aws:ec2/vpc:Vpc": [
		...["aws:ec2/subnet:Subnet", "aws:ec2/securityGroup:SecurityGroup", "aws:ec2/routeTable:RouteTable"],
		"aws:ec2/internetGateway:InternetGateway",
	],
	"aws:ec2/subnet:Subnet": [INTERFACE, INSTANCE],
	"aws:ec2/securityGroup:SecurityGroup": [INTERFACE, INSTANCE],
	"aws:ec2/routeTable:RouteTable": ["aws:ec2/routeTableAssociation:RouteTableAssociation"],
	[VOLUME]: [ATTACHMENT],
	[INTERFACE]: [INSTANCE],
};

/** @param {World} world @param {Thing} gone */
function requireDeletable(world, gone) {
	const inputs = plain(gone.inputs);
	const user = usersOf(world, gone.id).find((other) => HELD_BY[gone.type]?.includes(other.type));
	if (user && gone.type === VOLUME) {
		throw new Error(`VolumeInUse: Volume ${gone.id} is currently attached to ${plain(user.inputs).instanceId}`);
	}
	if (user && gone.type === INTERFACE)
		throw new Error(`Network interface ${gone.id} is currently in use by ${user.id}`);
	if (user) throw new Error(`DependencyViolation: ${gone.id} has a dependent object (${user.name}, ${user.id})`);
	if (gone.type === INSTANCE && inputs.disableApiTermination) {
		throw new Error(`OperationNotPermitted: The instance '${gone.id}' may not be terminated: disableApiTermination`);
	}
	if (gone.type === "aws:iam/role:Role") {
		const holder = Object.values(world.things).find((other) => other !== gone && plain(other.inputs).role === gone.id);
		if (holder) throw new Error(`DeleteConflict: ${gone.id} still has ${holder.name} (${holder.type})`);
	}
	if (gone.type === "aws:s3/bucket:Bucket" && !inputs.forceDestroy) {
		const object = thingsOf(world, "aws:s3/bucketObjectv2:BucketObjectv2").find(
			(one) => plain(one.inputs).bucket === gone.id,
		);
		if (object) throw new Error(`BucketNotEmpty: ${gone.id} still has ${object.id}`);
	}
	if (gone.type === ATTACHMENT) requireDetachable(world, inputs);
}

/**
 * What is gone already needs no deleting, but for one case: the instance that is to be stopped first.
 *
 * @param {World} world
 * @param {string} type
 * @param {Values} inputs
 */
function requireGone(world, type, { instanceId, stopInstanceBeforeDetaching }) {
	if (type !== ATTACHMENT || !stopInstanceBeforeDetaching || thing(world, INSTANCE, instanceId)) return;
	throw new Error(`IncorrectInstanceState: '${instanceId}' is not in a state from which it can be stopped`);
}

/** A running instance has its volume mounted: it stays `busy`. @param {World} world @param {Values} inputs */
function requireDetachable(world, { instanceId, volumeId, stopInstanceBeforeDetaching, forceDetach, skipDestroy }) {
	if (skipDestroy) return;
	if (thing(world, INSTANCE, instanceId)?.state !== "running" || stopInstanceBeforeDetaching || forceDetach) return;
	throw new Error(
		`timeout while waiting for ${volumeId} to become 'detached' (last state: 'busy'): ${instanceId} is running; ` +
			"set stopInstanceBeforeDetaching, or terminate the instance first",
	);
}

module.exports = {
	contradictions,
	requireCreatable,
	requireDeletable,
	requireGone,
	usersOf,
	interfacesOf,
	INSTANCE,
	INTERFACE,
	ATTACHMENT,
};
