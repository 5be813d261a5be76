const crypto = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const { Message } = require("./message.js");

/**
 * What leafline's nats-server has that the official one has not: `go/nats-server/change/` has a Go file for each thing,
 * which says why, and beside it the places where that is called. docs/security.md tells what they are.
 *
 * A place is stated by the text that is there. Where that is not what was read when the change was written, the server
 * is not built: nobody knows then what the change would do.
 */

/** @typedef {import("./places.js").Place} Place */
/** @typedef {import("./places.js").Mentions} Mentions */

/** Of the change; other lines are another number. */
const NAME = "leafline.4";

/** The lines and their places. */
const OWN = path.join(__dirname, "go", "nats-server", "change");
const PLACES = ".places.js";

/** Folder of the server in the copy of its modules that `go mod vendor` makes. */
const MODULE = path.join("vendor", "github.com", "nats-io", "nats-server", "v2");

/** @returns {{ places: readonly Place[], mentions?: Mentions }[]} */
function changes() {
	const files = fs.readdirSync(OWN).filter((file) => file.endsWith(PLACES));
	return files.sort().map((file) => require(path.join(OWN, file)));
}

/** @type {(version: string) => readonly Place[]} */
const edits = (version) => [
	{
		file: "const.go",
		at: `	VERSION = "${version}"\n`,
		becomes: `	VERSION = "${version}+${NAME}"\n`,
	},
	...changes().flatMap(({ places }) => places),
];

/** @returns {Mentions} */
const allMentions = () => Object.assign({}, ...changes().map(({ mentions }) => mentions));

/**
 * Puts the change into a copy of the server's sources.
 *
 * @param {string} folder with `vendor`
 * @param {string} version of the server
 * @throws {Message} if the sources are not those that the change was written for
 */
function changeServer(folder, version) {
	const server = path.join(folder, MODULE, "server");
	const sources = allSources(server);
	for (const [name, times] of Object.entries(allMentions())) {
		const found = sources.split(name).length - 1;
		if (found !== times) throw refusal(version, `server/ has ${name} ${found} times, not ${times}`);
	}
	for (const { file, at, becomes } of edits(version)) {
		const name = path.join(server, file);
		const text = fs.readFileSync(name, "utf8");
		const found = text.split(at).length - 1;
		if (found !== 1) throw refusal(version, `server/${file} has this ${found} times, not once:\n${at.trimEnd()}`);
		fs.writeFileSync(
			name,
			text.replace(at, () => becomes),
		);
	}
	for (const file of fs.readdirSync(OWN).filter((name) => name.endsWith(".go"))) {
		const target = path.join(server, file);
		if (fs.existsSync(target)) throw refusal(version, `server/${file} is there already`);
		fs.copyFileSync(path.join(OWN, file), target);
	}
}

/** @param {string} folder */
function allSources(folder) {
	const names = fs.readdirSync(folder).filter((name) => name.endsWith(".go") && !name.endsWith("_test.go"));
	return names.map((name) => fs.readFileSync(path.join(folder, name), "utf8")).join("\n");
}

/** @param {string} version @param {string} reason */
function refusal(version, reason) {
	return new Message(
		`leafline's change to nats-server does not fit the sources of ${version}, and nothing is built: ${reason}\n` +
			"toolchain/go/nats-server/change/ states the place; read what the server does there now before you change it.",
	);
}

/**
 * What the lines and their places are, in eight hexadecimal digits: a build of others is never taken for one of these.
 *
 * @returns {string}
 */
function digest() {
	const hash = crypto.createHash("sha256").update(fs.readFileSync(__filename));
	for (const file of fs.readdirSync(OWN).sort()) hash.update(file).update(fs.readFileSync(path.join(OWN, file)));
	return hash.digest("hex").slice(0, 8);
}

module.exports = { NAME, MODULE, edits, changeServer, digest };
