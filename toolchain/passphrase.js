const crypto = require("node:crypto");
const { readIfThere } = require("./paths.js");
const { places } = require("./local-stack.js");
const { note } = require("./progress.js");

/** As the engine derives a stack's key from its passphrase (pkg/secrets/passphrase, version 1). */
const ITERATIONS = 1_000_000;
const KEY_BYTES = 32;
const TAG_BYTES = 16;
const PROOF = "pulumi";

/**
 * Whether a passphrase opens the secrets of a stack.
 *
 * @param {string} settings text of its Pulumi.<stack>.yaml
 * @param {string} passphrase
 * @returns {boolean | undefined} undefined if they are not locked with a passphrase, or in another way than is known
 */
function opens(settings, passphrase) {
	const salt = /^encryptionsalt:\s*["']?(\S+?)["']?\s*$/m.exec(settings)?.[1] ?? "";
	const [version, seed, inner, nonce, sealed] = salt.split(":");
	if (version !== "v1" || inner !== "v1" || !seed || !nonce || !sealed) return undefined;
	const key = crypto.pbkdf2Sync(passphrase, Buffer.from(seed, "base64"), ITERATIONS, KEY_BYTES, "sha256");
	const bytes = Buffer.from(sealed, "base64");
	try {
		const decipher = crypto.createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "base64"));
		decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
		return decipher.update(bytes.subarray(0, -TAG_BYTES), undefined, "utf8") + decipher.final("utf8") === PROOF;
	} catch {
		return false;
	}
}

/**
 * To be called when the engine has failed on the local stack, or changed what locks it: says so if the passphrase that
 * leafline keeps does not open it any more. `change-secrets-provider` asks for a new one, and tells nobody.
 *
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env of the run
 */
function notePassphrase(root, env) {
	const { passphrase, settings } = places(root);
	if (env.PULUMI_CONFIG_PASSPHRASE_FILE !== passphrase) return;
	const kept = readIfThere(passphrase);
	if (kept === undefined || opens(readIfThere(settings) ?? "", kept.trim()) !== false) return;
	note(
		"the passphrase that leafline keeps, in .leafline/passphrase, does not open the local stack: write the one that " +
			"you have chosen into that file, or begin anew with npm run down",
	);
}

module.exports = { opens, notePassphrase };
