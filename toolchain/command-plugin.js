const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { COMMAND_PLUGIN } = require("./requirements.js");
const { cacheFolder, writeWhole } = require("./paths.js");
const { commandPlugin } = require("./plugins.js");
const { download } = require("./network.js");
const { step } = require("./progress.js");
const { run } = require("./processes.js");

const RETRY_AFTER_MS = 24 * 60 * 60 * 1000;
const INSTALL_WITHIN_MS = 120_000;

/**
 * Gets Pulumi's own command plugin if it is not there and its host can be reached, at most one try a day.
 *
 * @param {object} options
 * @param {string} options.pulumi
 * @param {string} options.pulumiHome
 * @param {NodeJS.ProcessEnv} options.env
 */
async function installCommandPlugin({ pulumi, pulumiHome, env }) {
	const { installed, real } = commandPlugin(pulumiHome, env);
	const failed = path.join(cacheFolder(env), "command-plugin.failed");
	const last = fs.statSync(failed, { throwIfNoEntry: false })?.mtimeMs ?? 0;
	if (real || Date.now() - last < RETRY_AFTER_MS) return;
	writeWhole(failed, "");
	if (!(await download("https://get.pulumi.com/", os.devNull, { env, seconds: 5 }))) return;
	const progress = step("command plugin");
	// A stand-in of an earlier day would count as installed.
	fs.rmSync(path.dirname(installed), { recursive: true, force: true });
	const code = await run(pulumi, ["plugin", "install", "resource", "command", COMMAND_PLUGIN], {
		cwd: cacheFolder(env),
		env: { ...env, PULUMI_HOME: pulumiHome, PULUMI_SKIP_UPDATE_CHECK: "1" },
		output: () => {},
		timeoutMs: INSTALL_WITHIN_MS,
	});
	if (code === 0) {
		fs.rmSync(failed);
		progress.done();
	} else progress.fail();
}

module.exports = { installCommandPlugin };
