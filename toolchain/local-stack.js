const crypto = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const { readIfThere, writeWhole } = require("./paths.js");
const { run } = require("./processes.js");
const { withoutSalt } = require("./stack-settings.js");
const { Message } = require("./message.js");

/** The stack that needs nothing but this machine. */
const LOCAL = "local";

/** @param {string} root */
const places = (root) => ({
	/** Everything that the local stack makes lies in here. */
	folder: path.join(root, ".leafline"),
	state: path.join(root, ".leafline", "state"),
	logs: path.join(root, ".leafline", "logs"),
	daemons: path.join(root, ".leafline", "local"),
	passphrase: path.join(root, ".leafline", "passphrase"),
	settings: path.join(root, `Pulumi.${LOCAL}.yaml`),
	template: path.join(root, "stacks", `${LOCAL}.yaml`),
});

/**
 * Where the local stack keeps its state and its passphrase, unless the user has said otherwise.
 *
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
function localEnvironment(root, env) {
	const { state, passphrase } = places(root);
	const own = env.PULUMI_CONFIG_PASSPHRASE !== undefined || env.PULUMI_CONFIG_PASSPHRASE_FILE !== undefined;
	return {
		...env,
		PULUMI_BACKEND_URL: env.PULUMI_BACKEND_URL ?? pathToFileURL(state).href,
		PULUMI_STACK: LOCAL,
		...(own ? {} : { PULUMI_CONFIG_PASSPHRASE_FILE: passphrase }),
	};
}

/**
 * Makes what the local stack needs: folder, passphrase, settings, and the stack itself.
 *
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env from localEnvironment
 * @param {string} pulumi
 */
async function prepareLocalStack(root, env, pulumi) {
	const { folder, state, passphrase, settings, template } = places(root);
	const exists = hasState(root);
	fs.mkdirSync(state, { recursive: true, mode: 0o700 });
	fs.chmodSync(folder, 0o700);
	if (!fs.existsSync(settings)) writeWhole(settings, readIfThere(template) ?? "config: {}\n");
	if (env.PULUMI_CONFIG_PASSPHRASE_FILE === passphrase && !fs.existsSync(passphrase)) {
		if (exists)
			throw new Message(`${passphrase} is gone, and the local stack's secrets with it.\nnpm run down clears up.`);
		// The salt belongs to the passphrase that is gone.
		writeWhole(settings, withoutSalt(readIfThere(settings) ?? ""));
		writeWhole(passphrase, crypto.randomBytes(24).toString("base64url"), 0o600);
	}
	if (exists) return;
	let printed = "";
	const code = await run(pulumi, ["stack", "init", LOCAL, "--no-select", "--non-interactive"], {
		cwd: root,
		env: { ...env, PULUMI_STACK: undefined },
		output: (text) => {
			printed += text;
		},
	});
	if (code !== 0 && !printed.includes("already exists")) {
		throw new Message(`The local stack cannot be made:\n${printed.trim()}`);
	}
}

/**
 * @param {string} root
 * @returns {boolean} true if there is a local stack in the project's own folder
 */
function hasState(root) {
	return fs.existsSync(stateFile(root));
}

/** Where the engine's file backend keeps the local stack. @param {string} root */
function stateFile(root) {
	return path.join(places(root).state, ".pulumi", "stacks", projectName(root), `${LOCAL}.json`);
}

/** @param {string} root */
function projectName(root) {
	return /^name:\s*["']?([\w.-]+)/m.exec(readIfThere(path.join(root, "Pulumi.yaml")) ?? "")?.[1] ?? "";
}

module.exports = { LOCAL, places, localEnvironment, prepareLocalStack, hasState, stateFile, projectName };
