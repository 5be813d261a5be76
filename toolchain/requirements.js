/**
 * The tools that leafline runs, and which versions of them will do. What is built here is `build`; what is found on
 * PATH must lie in the range.
 */

const { NAME, digest } = require("./server-change.js");
const { formatVersion } = require("./versions.js");

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
 * @property {string} [change] of leafline's to its sources; the version then ends in `+<change>`
 * @property {boolean} [pinned] everybody's build has the same bytes
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
		// That of the hub (`topology/server-floors.ts`), which it runs on a local stack.
		atLeast: [2, 15, 0],
		below: [3, 0, 0],
		versionArguments: ["--version"],
		package: "github.com/nats-io/nats-server/v2",
		ldflags: "-s -w",
		change: NAME,
		pinned: true,
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

/** The Go that `pinned` tools are built with wherever it can be had: another one makes other bytes. */
const GO = "go1.26.8";

/** @param {Tool} tool @returns {string} for example `2.15.2+leafline.4` */
const wholeVersion = ({ version, change }) => `${formatVersion(version)}${change ? `+${change}` : ""}`;

/**
 * Folder of a build in the cache.
 *
 * @param {Tool} tool
 * @param {string} platform as Node calls it, `linux-x64`
 */
const folderName = (tool, platform) => `${wholeVersion(tool)}${tool.change ? `-${digest()}` : ""}-${platform}`;

/** Version of the plugin that `@pulumi/command` in package.json asks for. */
const COMMAND_PLUGIN = "1.2.1";

/** @type {Version} */
const NODE_AT_LEAST = [20, 19, 0];

module.exports = { TOOLS, GO, wholeVersion, folderName, COMMAND_PLUGIN, NODE_AT_LEAST };
