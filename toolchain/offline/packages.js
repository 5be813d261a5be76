const fs = require("node:fs");
const path = require("node:path");

/** @typedef {{ name: string, version: string, server: string }} RequiredPackage */

/**
 * The Pulumi packages that a program has installed, each of which names the plugin that it needs. Only the ones whose
 * plugin is a resource provider, and only from node_modules at or above the program.
 *
 * @param {string} programFolder
 * @returns {RequiredPackage[]}
 */
function installedPackages(programFolder) {
	/** @type {Map<string, RequiredPackage>} */
	const found = new Map();
	for (let folder = programFolder; ; folder = path.dirname(folder)) {
		for (const file of packageFiles(path.join(folder, "node_modules"))) {
			const required = requirement(file);
			if (required && !found.has(required.name)) found.set(required.name, required);
		}
		if (found.size > 0 || folder === path.dirname(folder)) return [...found.values()];
	}
}

/**
 * @param {string} modules
 * @returns {string[]}
 */
function packageFiles(modules) {
	return list(modules).flatMap((name) =>
		name.startsWith("@")
			? list(path.join(modules, name)).map((inner) => path.join(modules, name, inner, "package.json"))
			: [path.join(modules, name, "package.json")],
	);
}

/** @param {string} folder */
function list(folder) {
	try {
		return fs.readdirSync(folder).filter((name) => !name.startsWith("."));
	} catch {
		return [];
	}
}

/**
 * @param {string} file
 * @returns {RequiredPackage | undefined}
 */
function requirement(file) {
	let text;
	try {
		text = fs.readFileSync(file, "utf8");
	} catch {
		return undefined;
	}
	if (!text.includes('"pulumi"')) return undefined;
	/** @type {{ name?: string, version?: string, pulumi?: { resource?: boolean, name?: string, version?: string, server?: string } }} */
	let manifest;
	try {
		manifest = JSON.parse(text);
	} catch {
		return undefined;
	}
	const pulumi = manifest.pulumi;
	const name = pulumi?.name ?? /^@pulumi\/(.+)$/.exec(manifest.name ?? "")?.[1];
	const version = pulumi?.version ?? manifest.version;
	if (!pulumi?.resource || !name || !version) return undefined;
	return { name, version: `v${version.replace(/^v/, "")}`, server: pulumi.server ?? "" };
}

module.exports = { installedPackages };
