const test = require("./test.js");
const { Message } = require("../message.js");

const USAGE = "usage: npm run fuzz -- [--minutes N] [--seed S] [--nodes 1|3] [--first SESSION]";

/** What each option is called in the test's environment. */
const OPTIONS = new Map([
	["--minutes", "LEAFLINE_FUZZ_SECONDS"],
	["--seed", "LEAFLINE_SEED"],
	["--nodes", "LEAFLINE_FUZZ_NODES"],
	["--first", "LEAFLINE_FUZZ_FIRST"],
]);

/**
 * Speaks to a hub with a device's credentials for as long as wanted: `tests/identity/fuzz.test.ts`, for longer.
 *
 * @param {string} root
 * @param {string[]} args
 */
exports.run = async (root, args) => {
	const given = new Map([
		["--minutes", "20"],
		["--seed", String(Math.floor(Math.random() * 1e9))],
	]);
	for (let at = 0; at < args.length; at += 2) {
		const [name = "", value = ""] = args.slice(at, at + 2);
		if (!OPTIONS.has(name) || !/^\d+(\.\d+)?$/.test(value)) throw new Message(USAGE, 2);
		given.set(name, value);
	}
	for (const [name, value] of given) {
		process.env[OPTIONS.get(name) ?? ""] = name === "--minutes" ? String(Number(value) * 60) : value;
	}
	process.stdout.write(`seed ${given.get("--seed")}\n`);
	return test.run(root, ["tests/identity/fuzz.test.ts"]);
};
