/**
 * The tools that leafline runs, and which versions of them will do. What is built here is `build`; what is found on
 * PATH must lie in the range.
 */

/** @typedef {import("./versions.js").Version} Version */

/**
 * @typedef {object} Tool
 * @property {string} name of the executable
 * @property {Version} version that is built where there is none
 * @property {Version} atLeast
 * @property {Version} [below]
 * @property {string[]} versionArguments
 * @property {string} package Go package of the executable
 * @property {string} ldflags
 * @property {number} packages about how many Go packages a build compiles, for the progress line
 * @property {boolean} required without it nothing works; otherwise its absence is a warning
 * @property {string} get where people find it
 */

/** @type {readonly Tool[]} */
const TOOLS = [
	{
		name: "pulumi",
		version: [3, 259, 0],
		// The SDK is 3.259, and an engine of the same major version runs it; 3.250 is the oldest whose plugin protocol
		// (policy packs through the language host, its ConfigureStack call) was read and found the same.
		atLeast: [3, 250, 0],
		below: [4, 0, 0],
		versionArguments: ["version"],
		package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
		ldflags: "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v3.259.0",
		packages: 1700,
		required: true,
		get: "https://www.pulumi.com/docs/install/",
	},
	{
		name: "nats-server",
		version: [2, 15, 2],
		// 2.14.5 is the first with durable sourcing and a dial time-out that fits a mobile link.
		atLeast: [2, 14, 5],
		below: [3, 0, 0],
		versionArguments: ["--version"],
		package: "github.com/nats-io/nats-server/v2",
		ldflags: "-s -w",
		packages: 245,
		required: true,
		get: "https://github.com/nats-io/nats-server/releases",
	},
	{
		name: "nats",
		version: [0, 4, 0],
		atLeast: [0, 0, 1],
		versionArguments: ["--version"],
		package: "github.com/nats-io/natscli/nats",
		ldflags: "-s -w -X main.version=0.4.0",
		packages: 400,
		required: false,
		get: "https://github.com/nats-io/natscli/releases",
	},
];

/** Version of the plugin that `@pulumi/command` in package.json asks for. */
const COMMAND_PLUGIN = "1.2.1";

/** @type {Version} */
const NODE_AT_LEAST = [20, 19, 0];

module.exports = { TOOLS, COMMAND_PLUGIN, NODE_AT_LEAST };
