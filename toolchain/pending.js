const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { LOCAL, stateFile } = require("./local-stack.js");
const { run } = require("./processes.js");
const { note } = require("./progress.js");
const { readIfThere } = require("./paths.js");
const { Message } = require("./message.js");

/**
 * Operations of an update that was killed: the engine knows that they began, not how they ended, and says so in every
 * update from then on.
 *
 * @typedef {{ type: string, resource: { urn: string, type: string } }} Pending
 */

/**
 * What leafline makes itself can be made twice: it looks first, and takes over what an interrupted create left. So can
 * commands, which start what does not run. A machine or a volume would be there twice.
 */
const REPEATABLE = /^(pulumi-nodejs:dynamic\/leafline:|command:local:Command$|leafline:|pulumi:)/;

/**
 * Before an update: takes away what can safely be done again, and says so. Of anything else, says what to do.
 *
 * @param {string} root
 * @param {{ pulumi: string, env: NodeJS.ProcessEnv, stack: string }} engine
 */
async function settlePending(root, { pulumi, env, stack }) {
	// Another backend is asked only by who must know: it takes seconds there.
	const local = stack === LOCAL && fs.existsSync(stateFile(root));
	if (local && pendingIn(JSON.parse(readIfThere(stateFile(root)) ?? "{}")?.checkpoint?.latest).length === 0) return;
	const exported = await capture(pulumi, ["stack", "export", "--stack", stack, ...QUIET], root, env);
	// No such stack yet, or a backend that cannot be reached: the update itself will tell.
	if (exported.code !== 0) return;
	const state = parse(exported.text);
	const pending = pendingIn(state?.deployment);
	if (!state || pending.length === 0) return;
	const safe = pending.filter(({ resource }) => REPEATABLE.test(resource.type));
	if (safe.length > 0) {
		state.deployment.pending_operations = pending.filter((each) => !safe.includes(each));
		await importState(pulumi, state, stack, root, env);
		note(`the last update was interrupted; ${count(safe)} that it had begun ${begun(safe)}: done again now`);
	}
	const others = pending.filter((each) => !safe.includes(each));
	if (others.length === 0) return;
	const creates = others.some(({ type }) => type === "creating");
	note(
		`an earlier update was interrupted, and nobody knows whether it carried out ${count(others)}: ${begun(others)}.\n` +
			`  npm run pulumi -- refresh --stack ${stack}${creates ? "   asks for the id of each that was created, or forgets it" : "   finds out"}`,
	);
}

const QUIET = ["--non-interactive", "--color", "never"];

/**
 * @param {string} pulumi
 * @param {object} state as `stack export` wrote it, its secrets encrypted
 * @param {string} stack
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 */
async function importState(pulumi, state, stack, root, env) {
	const folder = fs.mkdtempSync(path.join(os.tmpdir(), "leafline-state-"));
	try {
		const file = path.join(folder, "state.json");
		fs.writeFileSync(file, JSON.stringify(state), { mode: 0o600 });
		const args = ["stack", "import", "--stack", stack, "--file", file, ...QUIET];
		const { code, text } = await capture(pulumi, args, root, env);
		if (code !== 0) throw new Message(`what an interrupted update left cannot be cleared away:\n${text.trim()}`, code);
	} finally {
		fs.rmSync(folder, { recursive: true, force: true });
	}
}

/**
 * @param {{ pending_operations?: Pending[] } | undefined} deployment
 * @returns {Pending[]}
 */
function pendingIn(deployment) {
	return (deployment?.pending_operations ?? []).filter(({ resource }) => resource !== undefined);
}

/** @param {string} text */
function parse(text) {
	try {
		return JSON.parse(text.slice(text.indexOf("{")));
	} catch {
		return undefined;
	}
}

/** @param {Pending[]} operations */
const count = ({ length }) => (length === 1 ? "1 operation" : `${length} operations`);

const SHOWN = 5;

/** @param {Pending[]} operations */
function begun(operations) {
	const names = operations.map(({ type, resource }) => `${type} ${resource.urn.split("::").pop()}`);
	const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : "";
	return `(${names.slice(0, SHOWN).join(", ")}${more})`;
}

/**
 * @param {string} program
 * @param {string[]} args
 * @param {string} cwd
 * @param {NodeJS.ProcessEnv} env
 */
async function capture(program, args, cwd, env) {
	let text = "";
	const code = await run(program, args, {
		cwd,
		env,
		output: (part) => {
			text += part;
		},
	});
	return { code, text };
}

module.exports = { settlePending };
