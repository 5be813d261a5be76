const path = require("node:path");
const { provideOfficialServer } = require("./official-server.js");
const { formatVersion } = require("./versions.js");
const { note } = require("./progress.js");

/**
 * The environment in which a hub on this machine finds the nats-server that its settings ask for. Where they ask for
 * leafline's and only another one is there, it runs that one; whoever changes the stack is told.
 *
 * @param {import("./server.js").Edition} edition
 * @param {ReadonlyMap<string, import("./tools.js").Found>} tools
 * @param {NodeJS.ProcessEnv} env
 * @param {boolean} [tell]
 * @returns {Promise<NodeJS.ProcessEnv>}
 */
async function localServer(edition, tools, env, tell = false) {
	const found = tools.get("nats-server");
	if (edition === "official") {
		const folder = path.dirname(await provideOfficialServer(env));
		return { ...env, PATH: [folder, env.PATH ?? ""].join(path.delimiter) };
	}
	if (tell && found && !found.whole) note(unprotected(found));
	return env;
}

/** @param {import("./tools.js").Found} found */
function unprotected({ path: file, version }) {
	return (
		`the hub runs the official nats-server ${formatVersion(version)}, ${file}: a device can delete what it likes on the hub; ` +
		"where there is Go, npm run server builds leafline's (docs/security.md)"
	);
}

module.exports = { localServer };
