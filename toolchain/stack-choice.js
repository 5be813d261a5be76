const crypto = require("node:crypto");
const path = require("node:path");
const { readIfThere } = require("./paths.js");
const { pulumiHome } = require("./environment.js");
const { LOCAL, projectName } = require("./local-stack.js");

/** Commands of the engine that work on a stack, so that the local one has to exist. */
const ON_A_STACK = new Set(
	"up update preview pre destroy dn refresh ref config watch cancel import state console stack logs env".split(" "),
);
const STACK_BY_NAME = new Set(["select", "init", "rm", "rename"]);

/**
 * Which stack a command line of the engine means.
 *
 * @param {string} root
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {{ stack: string, needed: boolean }} needed: the stack must exist for the command to work
 */
function chooseStack(root, args, env) {
	const words = args.filter((argument) => !argument.startsWith("-"));
	const [command = "", sub = "", name] = words;
	const named = optionValue(args) ?? env.PULUMI_STACK;
	if (command === "stack" && STACK_BY_NAME.has(sub) && name) return { stack: shortName(name), needed: sub !== "init" };
	const creates = command === "stack" && (sub === "init" || sub === "ls");
	return { stack: shortName(named ?? selected(root, env) ?? LOCAL), needed: ON_A_STACK.has(command) && !creates };
}

/** @param {readonly string[]} args */
function optionValue(args) {
	for (const [index, argument] of args.entries()) {
		if (argument === "-s" || argument === "--stack") return args[index + 1];
		const inline = /^(?:--stack=|-s=?)(.+)$/.exec(argument);
		if (inline) return inline[1];
	}
	return undefined;
}

/** @param {string} name `dev`, `org/dev` or `org/leafline/dev` */
const shortName = (name) => name.split("/").pop() ?? name;

/**
 * What `pulumi stack select` has written.
 *
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | undefined}
 */
function selected(root, env) {
	const hash = crypto.createHash("sha1").update(path.join(root, "Pulumi.yaml")).digest("hex");
	const file = path.join(pulumiHome(env), "workspaces", `${projectName(root)}-${hash}-workspace.json`);
	try {
		return JSON.parse(readIfThere(file) ?? "{}").stack || undefined;
	} catch {
		return undefined;
	}
}

module.exports = { chooseStack };
