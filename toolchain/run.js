#!/usr/bin/env node

/** `npm start`, `npm run up|down|pulumi|build|check` and `npm test`: makes the machine ready, then runs the command. */

const { NODE_AT_LEAST } = require("./requirements.js");
const { parseVersion, compareVersions, formatVersion } = require("./versions.js");
const { projectRoot } = require("./paths.js");
const { Message, explain } = require("./message.js");

const COMMANDS = [
	"start",
	"up",
	"down",
	"pulumi",
	"test",
	"build",
	"check",
	"server",
	"iam",
	"bench",
	"fuzz",
	"model",
	"test-boot",
];

async function main() {
	const version = parseVersion(process.version);
	if (!version || compareVersions(version, NODE_AT_LEAST) < 0) {
		throw new Message(`leafline needs Node ${formatVersion(NODE_AT_LEAST)} or later; this is ${process.version}`);
	}
	const [command = "", ...rest] = process.argv.slice(2);
	if (!COMMANDS.includes(command))
		throw new Message(`usage: node toolchain/run.js ${COMMANDS.join("|")} [arguments]`, 2);
	const args = rest[0] === "--" ? rest.slice(1) : rest;
	/** @type {{ run(root: string, args: string[]): Promise<number> }} */
	const { run } = require(`./commands/${command}.js`);
	return run(projectRoot, args);
}

main().then(
	(code) => {
		process.exitCode = code;
	},
	(error) => {
		const { text, exitCode } = explain(error);
		if (text) process.stderr.write(`${text}\n`);
		process.exitCode = exitCode;
	},
);
