const fs = require("node:fs");
const path = require("node:path");
const { cacheFolder } = require("../paths.js");
const { withLock } = require("../lock.js");
const { run, onInterrupt } = require("../processes.js");
const { note, step } = require("../progress.js");
const { Message } = require("../message.js");
const { debianMirror } = require("./debian.js");
const { RECIPE, OVERLAY, BUILD_SCRIPT, recipeKey } = require("./recipe.js");

/** Images of other recipes that nobody has used for so long are removed. */
const KEEP_MS = 14 * 24 * 60 * 60 * 1000;

/**
 * The root image of the boot test, made once for each recipe and kept in the user's cache.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string>} folder with `root.img`, `vmlinuz` and `initrd`
 * @throws {Message} with the end of the log when it cannot be made
 */
async function provideImage(env) {
	const target = path.join(cacheFolder(env), "boot", recipeKey());
	if (!fs.existsSync(target)) {
		await withLock(
			path.join(cacheFolder(env), "locks", "boot-image"),
			({ pid }) => note(`another leafline (process ${pid}) is making the boot test's image; waiting for it`),
			() => make(target, env),
		);
	}
	fs.utimesSync(target, new Date(), new Date());
	return target;
}

/** @param {string} target @param {NodeJS.ProcessEnv} env */
async function make(target, env) {
	if (fs.existsSync(target)) return;
	tidy(path.dirname(target));
	const work = fs.mkdtempSync(`${target}.tmp-`);
	const discard = () => fs.rmSync(work, { recursive: true, force: true });
	const forget = onInterrupt(discard);
	const progress = step(`make the boot test's root image (Debian ${RECIPE.suite})`);
	let log = "";
	const { suite: SUITE, awscli: AWSCLI, size: SIZE, packages } = RECIPE;
	try {
		// Mounts in a namespace of its own are gone with its last process.
		const code = await run("unshare", ["--mount", "--propagation", "private", "sh", BUILD_SCRIPT, work], {
			cwd: work,
			env: { ...env, SUITE, AWSCLI, SIZE, OVERLAY, PACKAGES: packages.join(","), MIRROR: debianMirror() },
			output(chunk) {
				log += chunk;
				const doing = /^(?:step: (.+)|I: (Retrieving|Extracting|Unpacking|Configuring) \S+)/m.exec(chunk);
				if (doing) progress.detail(doing[1] ?? doing[0].slice(3));
			},
		});
		if (code !== 0) {
			throw new Message(
				`the boot test's root image could not be made:\n${log.trim().split("\n").slice(-15).join("\n")}`,
			);
		}
		fs.renameSync(work, target);
		progress.done();
	} catch (error) {
		progress.fail();
		throw error;
	} finally {
		forget();
		discard();
	}
}

/** Removes what killed runs have left, and images of old recipes. Only called under the lock. @param {string} folder */
function tidy(folder) {
	fs.mkdirSync(folder, { recursive: true });
	for (const name of fs.readdirSync(folder)) {
		const file = path.join(folder, name);
		if (name.includes(".tmp-") || Date.now() - fs.statSync(file).mtimeMs > KEEP_MS) {
			fs.rmSync(file, { recursive: true, force: true });
		}
	}
}

module.exports = { provideImage };
