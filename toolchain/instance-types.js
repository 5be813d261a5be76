const fs = require("node:fs");

/**
 * Writes `topology/instance-types.json` from AWS's own answer:
 *
 *     aws ec2 describe-instance-types --output json > types.json     (of a region that has them all: us-east-1)
 *     node toolchain/instance-types.js types.json 2026-10-27 "DescribeInstanceTypes, us-east-1"
 */

/** Families that a hub would sensibly run on: general, compute, memory, burstable, and those with disks of their own. */
const FAMILIES = /^(t3a?|t4g|[mcr][678](g|i|a)d?n?|[mcr]5|i[478](g|i|ge)|im4gn|is4gen|i3en)\./;
const SIZES = /\.(nano|micro|small|medium|large|xlarge|\d+xlarge)$/;

/** @type {Readonly<Record<string, number>>} What burstable types sustain of each vCPU; of the EC2 user guide, for the API does not tell. */
const BURSTABLE = { nano: 0.05, micro: 0.1, small: 0.2, medium: 0.2, large: 0.3, xlarge: 0.4, "2xlarge": 0.4 };

const COLUMNS = ["vcpus", "share of each", "memory GiB", "EBS MB/s", "EBS operations/s", "network Gbit/s", "disks GB"];

const [file = "", date = "", source = ""] = process.argv.slice(2);
/**
 * @typedef {object} Type as EC2 describes it
 * @property {string} InstanceType
 * @property {boolean} BurstablePerformanceSupported
 * @property {{ DefaultVCpus: number }} VCpuInfo
 * @property {{ SizeInMiB: number }} MemoryInfo
 * @property {{ EbsOptimizedInfo: { BaselineThroughputInMBps: number, BaselineIops: number } }} EbsInfo
 * @property {{ NetworkCards: { BaselineBandwidthInGbps: number }[] }} NetworkInfo
 * @property {{ TotalSizeInGB: number }} [InstanceStorageInfo]
 */

const answer = JSON.parse(fs.readFileSync(file, "utf8"));
/** @type {Type[]} */
const described = answer.InstanceTypes ?? Object.values(answer);
const types = described.filter((type) => FAMILIES.test(type.InstanceType) && SIZES.test(type.InstanceType));
/** @param {string} name */
const size = (name) => {
	const word = name.split(".")[1] ?? "";
	return word.endsWith("xlarge")
		? 10 * (Number.parseInt(word, 10) || 1)
		: "nano micro small medium large".split(" ").indexOf(word);
};
types.sort(({ InstanceType: a }, { InstanceType: b }) => {
	const [family = "", other = ""] = [a.split(".")[0], b.split(".")[0]];
	return family === other ? size(a) - size(b) : family < other ? -1 : 1;
});
const rows = types.map((type) => {
	const { BaselineThroughputInMBps, BaselineIops } = type.EbsInfo.EbsOptimizedInfo;
	const gigabits = type.NetworkInfo.NetworkCards.reduce((sum, card) => sum + card.BaselineBandwidthInGbps, 0);
	const share = type.BurstablePerformanceSupported ? BURSTABLE[type.InstanceType.split(".")[1] ?? ""] : 1;
	const row = [
		type.VCpuInfo.DefaultVCpus,
		share,
		type.MemoryInfo.SizeInMiB / 1024,
		Math.floor(BaselineThroughputInMBps * 100) / 100,
		BaselineIops,
		Math.floor(gigabits * 1000) / 1000,
		type.InstanceStorageInfo?.TotalSizeInGB ?? 0,
	];
	return `\t\t${JSON.stringify(type.InstanceType)}: ${JSON.stringify(row).replaceAll(",", ", ")}`;
});
const head = [
	`\t"source": ${JSON.stringify(source)}`,
	`\t"date": ${JSON.stringify(date)}`,
	`\t"columns": ${JSON.stringify(COLUMNS).replaceAll(",", ", ")}`,
];
process.stdout.write(`{\n${head.join(",\n")},\n\t"types": {\n${rows.join(",\n")}\n\t}\n}\n`);
