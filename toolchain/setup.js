const fs = require("node:fs");
const path = require("node:path");
const { installDependencies } = require("./dependencies.js");
const { compile } = require("./compile.js");
const { provideTools } = require("./tools.js");
const { provideAwsPlugin } = require("./aws-plugin.js");
const { installCommandPlugin } = require("./command-plugin.js");
const { engineEnvironment, pulumiHome } = require("./environment.js");
const { chooseStack } = require("./stack-choice.js");
const { LOCAL, localEnvironment, places, prepareLocalStack } = require("./local-stack.js");
const { RUNS_PROGRAM, serverOfStack } = require("./stack-hub.js");
const { localServer } = require("./local-server.js");
const { provideServer } = require("./server-provide.js");
const { removeDeadLocks, requireUnlocked } = require("./engine-lock.js");
const { withLock } = require("./lock.js");
const { cacheFolder } = require("./paths.js");
const { note } = require("./progress.js");
const { Message } = require("./message.js");

/** @typedef {{ env: NodeJS.ProcessEnv, pulumi: string, stack: string }} Ready */

/** Commands of the engine that no two may run at once on one stack. */
const CHANGES = new Set("up update destroy dn refresh ref".split(" "));

/** Commands about where stacks are; the local one stays where it is. */
const CHOOSES_BACKEND = new Set(["login", "logout", "whoami"]);

/**
 * Makes everything ready that a command needs.
 *
 * @param {string} root
 * @param {readonly string[]} args for the engine, which name the stack
 * @param {{ whole?: boolean }} [wanted] as of `provideTools`
 * @returns {Promise<Ready>}
 */
async function setUp(root, args, wanted) {
	await buildProject(root);
	const tools = await provideTools(process.env, wanted);
	const found = tools.get("pulumi");
	if (found) {
		await installCommandPlugin({ pulumi: found.path, pulumiHome: pulumiHome(process.env), env: process.env });
	}
	const { env, pulumi } = engineEnvironment(root, tools, process.env);
	const { stack, needed } = chooseStack(root, args, env);
	if (stack !== LOCAL || CHOOSES_BACKEND.has(args[0] ?? "")) {
		if (needed) requirePassphrase(root, stack, env);
		const server = runsProgram(args) ? serverOfStack(root, stack) : undefined;
		if (server?.architecture) {
			await provideAwsPlugin({ root, pulumi, env });
			await provideServer(server.architecture, env, server.edition);
		}
		return { env: server && !server.architecture ? await localServer(server.edition, tools, env) : env, pulumi, stack };
	}
	const chosen = localEnvironment(root, env);
	const server = runsProgram(args) ? serverOfStack(root, stack) : undefined;
	const local = await localServer(server?.edition ?? "leafline", tools, chosen, CHANGES.has(args[0] ?? ""));
	if (needed) await locked(root, () => prepareLocalStack(root, local, pulumi));
	if (CHANGES.has(args[0] ?? "")) requireUnlocked(places(root).state);
	else removeDeadLocks(places(root).state);
	return { env: local, pulumi, stack };
}

/** @param {readonly string[]} args */
const runsProgram = (args) => RUNS_PROGRAM.has(args.find((word) => !word.startsWith("-")) ?? "");

/**
 * Installs the packages and compiles, if that is not done.
 *
 * @param {string} root
 */
async function buildProject(root) {
	await locked(root, async () => {
		await installDependencies(root, process.env);
		await compile(root, process.env);
	});
}

/**
 * @template T
 * @param {string} root
 * @param {() => Promise<T>} task
 */
function locked(root, task) {
	const name = Buffer.from(fs.realpathSync(root)).toString("base64url").slice(-200);
	return withLock(
		path.join(cacheFolder(process.env), "locks", name),
		({ pid }) => note(`another leafline (process ${pid}) is preparing this project; waiting for it`),
		task,
	);
}

/**
 * @param {string} root
 * @param {string} stack
 * @param {NodeJS.ProcessEnv} env
 */
function requirePassphrase(root, stack, env) {
	const given = env.PULUMI_CONFIG_PASSPHRASE !== undefined || env.PULUMI_CONFIG_PASSPHRASE_FILE !== undefined;
	if (given || process.stdin.isTTY) return;
	const file = path.join(root, `Pulumi.${stack}.yaml`);
	if (!fs.existsSync(file) || !/^encryptionsalt:/m.test(fs.readFileSync(file, "utf8"))) return;
	throw new Message(
		`The secrets of the stack ${stack} are locked with a passphrase: ` +
			"set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE.",
	);
}

module.exports = { setUp, buildProject, locked };
