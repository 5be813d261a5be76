const crypto = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const { formatVersion } = require("./versions.js");
const { download } = require("./network.js");
const { step } = require("./progress.js");
const { run } = require("./processes.js");
const { stage } = require("./stage.js");
const { Message } = require("./message.js");

/** @typedef {import("./requirements.js").Tool} Tool */

const CHECKSUM_SECONDS = 8;

/**
 * Gets Pulumi's own release, plugins included, where its hosts can be reached. The checksums come from another host
 * than the archive.
 *
 * @param {Tool} tool
 * @param {object} options
 * @param {string} options.target folder that will hold the executable
 * @param {NodeJS.ProcessEnv} options.env
 * @returns {Promise<string | undefined>} path of the executable; undefined if it is not to be had
 */
async function downloadPulumi(tool, { target, env }) {
	const version = formatVersion(tool.version);
	const archive = `pulumi-v${version}-${process.platform}-${process.arch}.tar.gz`;
	const sums = `https://github.com/pulumi/pulumi/releases/download/v${version}/pulumi-${version}-checksums.txt`;
	/** @type {import("./progress.js").Step | undefined} */
	let progress;
	try {
		const file = await stage(tool, target, env, async (work) => {
			const sumsFile = path.join(work, "checksums");
			if (!(await download(sums, sumsFile, { env, seconds: CHECKSUM_SECONDS }))) throw new Message("unreachable");
			progress = step(`download pulumi ${version}`);
			const packed = path.join(work, archive);
			if (!(await download(`https://get.pulumi.com/releases/sdk/${archive}`, packed, { env }))) {
				throw new Message("unreachable");
			}
			const digest = crypto.createHash("sha256").update(fs.readFileSync(packed)).digest("hex");
			if (!fs.readFileSync(sumsFile, "utf8").split("\n").includes(`${digest}  ${archive}`)) {
				throw new Message(`${archive} has the wrong checksum`);
			}
			const code = await run("tar", ["-xzf", archive, "--strip-components=1"], { cwd: work, env, output: () => {} });
			if (code !== 0) throw new Message(`${archive} cannot be unpacked`);
			for (const name of [sumsFile, packed]) fs.rmSync(name);
		});
		progress?.done(`pulumi ${version}`);
		return file;
	} catch (error) {
		if (!(error instanceof Message)) throw error;
		// Building it is the next thing to be tried.
		progress?.fail();
		return undefined;
	}
}

module.exports = { downloadPulumi };
