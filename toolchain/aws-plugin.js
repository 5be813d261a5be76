const path = require("node:path");
const { findOnPath, isExecutable } = require("./paths.js");
const { step } = require("./progress.js");
const { run } = require("./processes.js");
const { Message } = require("./message.js");

const PLUGIN = "pulumi-resource-aws";
const INSTALL_WITHIN_MS = 600_000;

/**
 * Gets Pulumi's AWS plugin for a stack on AWS. The engine does that by itself, unless a stand-in is in use: then it must
 * fetch no plugins, or it would ask for the real ones of each stand-in in every run.
 *
 * @param {object} options
 * @param {string} options.root whose package.json states the version
 * @param {string} options.pulumi
 * @param {NodeJS.ProcessEnv} options.env of the engine
 * @throws {Message} with the command, where it cannot be had
 */
async function provideAwsPlugin({ root, pulumi, env }) {
	if (!env.PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION) return;
	const version = require(path.join(root, "package.json")).dependencies["@pulumi/aws"];
	const installed = path.join(env.PULUMI_HOME ?? "", "plugins", `resource-aws-v${version}`, PLUGIN);
	if (findOnPath(PLUGIN, env).length > 0 || isExecutable(installed)) return;
	const progress = step(`AWS plugin ${version}`);
	let said = "";
	const code = await run(pulumi, ["plugin", "install", "resource", "aws", version], {
		cwd: root,
		env,
		output: (text) => {
			said += text;
		},
		timeoutMs: INSTALL_WITHIN_MS,
	});
	if (code === 0) {
		progress.done();
		return;
	}
	progress.fail();
	throw new Message(
		`The AWS plugin is not there and could not be fetched: ${reason(said)}\n` +
			`Where get.pulumi.com can be reached: npm run pulumi -- plugin install resource aws ${version}`,
	);
}

/**
 * The first complaint, which names the host; the last one only counts the attempts.
 *
 * @param {string} said
 */
function reason(said) {
	const lines = said.split("\n").filter((line) => /\b(warning|error):/.test(line));
	return (lines[0] ?? said.trim().split("\n").at(-1) ?? "").replace(/^.*?\b(warning|error): /, "");
}

module.exports = { provideAwsPlugin };
