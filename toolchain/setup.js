const { installDependencies } = require("./dependencies.js");
const { compile } = require("./compile.js");
const { provideTools } = require("./tools.js");
const { engineEnvironment } = require("./environment.js");
const { chooseStack } = require("./stack-choice.js");
const { LOCAL, localEnvironment, prepareLocalStack } = require("./local-stack.js");
const { note } = require("./progress.js");

/**
 * Makes everything ready that a command needs.
 *
 * @param {string} root
 * @param {object} options
 * @param {readonly string[]} options.args for the engine, which name the stack
 * @param {boolean} [options.build] false: the command works without bin/
 * @returns {Promise<{ env: NodeJS.ProcessEnv, pulumi: string, stack: string }>}
 */
async function setUp(root, { args, build = true }) {
	await installDependencies(root, process.env);
	if (build) await compile(root, process.env);
	const tools = await provideTools(process.env);
	const { env, standIns } = engineEnvironment(root, tools, process.env);
	if (standIns.length > 0) note(`offline: stand-ins for ${standIns.join(", ")}`);
	const pulumi = tools.get("pulumi")?.path ?? "pulumi";
	const { stack, needed } = chooseStack(root, args, env);
	if (stack !== LOCAL) return { env, pulumi, stack };
	const local = localEnvironment(root, env);
	if (needed) await prepareLocalStack(root, local, pulumi);
	return { env: local, pulumi, stack };
}

module.exports = { setUp };
