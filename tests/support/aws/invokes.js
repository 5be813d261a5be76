// @ts-check
/** Answers of the functions that a hub's program asks. */

const { createHash } = require("node:crypto");
const { ACCOUNT } = require("./outputs.js");

/** @typedef {Record<string, any>} Values */
/** @typedef {(args: Values, around: { region: string, given: Record<string, Values> }) => Values} Answer */

/** Sizes as in EC2: a `large` has 2 processors, each further size twice as many. @param {string} type */
function machine(type) {
	const [, family = "", generation = "", options = "", size = ""] = /^([a-z]+)(\d)([a-z-]*)\.(\w+)$/.exec(type) ?? [];
	const multiple = size.endsWith("xlarge") ? 2 * Number(size.replace(/xlarge$/, "") || 1) : 1;
	const small = { nano: 0.5, micro: 1, small: 2, medium: 4 }[size];
	const perCpu = { c: 2, m: 4, t: 4, r: 8, x: 16, i: 8 }[family[0] ?? "m"] ?? 4;
	const cpus = small ? (size === "medium" && !family.startsWith("t") ? 1 : 2) : 2 * multiple;
	const memory = small && family.startsWith("t") ? small : cpus * perCpu;
	const instanceStore = options.includes("d") || family.startsWith("i");
	return {
		architecture: options.includes("g") ? "arm64" : "x86_64",
		cpus,
		memory: Math.round(memory * 1024),
		instanceStore: instanceStore
			? { totalInstanceStorage: cpus * 118, instanceDisks: [{ count: 1, size: cpus * 118, type: "ssd" }] }
			: {},
		generation: Number(generation),
	};
}

/** @type {Answer} */
function ami(args, { region }) {
	const filter = args.filters?.find((/** @type {Values} */ one) => one.name === "name");
	const name = String(filter?.values?.[0] ?? args.nameRegex ?? "al2023-ami");
	if (name.includes("absent"))
		throw new Error("Your query returned no results. Please change your search criteria and try again.");
	const id = `ami-0${createHash("sha256").update(`${region} ${name}`).digest("hex").slice(0, 16)}`;
	const architecture = name.includes("x86_64") ? "x86_64" : "arm64";
	const facts = { rootDeviceName: "/dev/xvda", rootDeviceType: "ebs", ownerId: "137112412989", state: "available" };
	return { id, imageId: id, name, architecture, ...facts, arn: `arn:aws:ec2:${region}::image/${id}` };
}

/** @type {Answer} */
function subnet(args, { given, region }) {
	const id = args.id ?? args.subnetId;
	const facts = given[id];
	if (!facts) throw new Error(`InvalidSubnetID.NotFound: The subnet ID '${id}' does not exist`);
	return { id, arn: `arn:aws:ec2:${region}:${ACCOUNT}:subnet/${id}`, ...facts };
}

/** @type {Answer} */
function instanceType({ instanceType: type }) {
	const { architecture, cpus, memory, instanceStore } = machine(type);
	return {
		id: type,
		supportedArchitectures: [architecture],
		defaultVcpus: cpus,
		memorySize: memory,
		instanceStorageSupported: "totalInstanceStorage" in instanceStore,
		...instanceStore,
		ebsOptimizedSupport: "default",
		nitroTpmSupport: "unsupported",
		hypervisor: "nitro",
		currentGeneration: true,
		freeTierEligible: false,
		bareMetal: false,
	};
}

const zones = (/** @type {string} */ region) => ["a", "b", "c"].map((letter) => `${region}${letter}`);
const OFFERED = [["t4g.small", "t4g.medium", "c7g.large", "m7g.large", "m7g.xlarge", "r7g.large", "i4g.large"]].flat();

/** @type {Record<string, Answer>} */
const ANSWERS = {
	"aws:ec2/getAmi:getAmi": ami,
	"aws:ec2/getSubnet:getSubnet": subnet,
	"aws:ec2/getInstanceType:getInstanceType": instanceType,
	"aws:ec2/getInstanceTypes:getInstanceTypes": (_, { region }) => ({ id: region, instanceTypes: OFFERED }),
	"aws:ec2/getVpc:getVpc": (args, { given, region }) => ({
		...given[args.id],
		id: args.id,
		arn: `arn:aws:ec2:${region}:${ACCOUNT}:vpc/${args.id}`,
	}),
	"aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": (args, { region }) => {
		const asked = args.filters?.find((/** @type {Values} */ one) => one.name === "instance-type")?.values ?? [];
		const pairs = asked.flatMap((/** @type {string} */ type) => zones(region).map((zone) => [type, zone]));
		const column = (/** @type {number} */ index) => pairs.map((/** @type {string[]} */ pair) => pair[index]);
		return {
			id: region,
			instanceTypes: column(0),
			locations: column(1),
			locationTypes: pairs.map(() => "availability-zone"),
		};
	},
	"aws:index/getAvailabilityZones:getAvailabilityZones": (_, { region }) => ({
		id: region,
		names: zones(region),
		zoneIds: ["az1", "az2", "az3"],
		groupNames: [region],
	}),
	"aws:index/getCallerIdentity:getCallerIdentity": () => ({
		id: ACCOUNT,
		accountId: ACCOUNT,
		arn: `arn:aws:iam::${ACCOUNT}:user/test`,
		userId: "AIDATEST",
	}),
	"aws:index/getPartition:getPartition": () => ({
		id: "aws",
		partition: "aws",
		dnsSuffix: "amazonaws.com",
		reverseDnsPrefix: "com.amazonaws",
	}),
	"aws:index/getRegion:getRegion": (_, { region }) => ({
		id: region,
		name: region,
		region,
		description: "Test",
		endpoint: `ec2.${region}.amazonaws.com`,
	}),
	"aws:route53/getZone:getZone": (args) => ({
		id: args.zoneId,
		zoneId: args.zoneId ?? "Z0TEST",
		name: args.name ?? "example.test",
		privateZone: false,
	}),
};

/** @param {string} token @param {Values} args @param {Parameters<Answer>[1]} around @returns {Values} */
function invoke(token, args, around) {
	const answer = ANSWERS[token];
	if (!answer)
		throw new Error(`the recording aws provider does not know ${token}; teach it in tests/support/aws/invokes.js`);
	return { ...args, ...answer(args, around) };
}

module.exports = { invoke };
