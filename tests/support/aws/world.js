// @ts-check
/**
 * The invented account: what there is in it, as a JSON file in a test's folder, and a log of what was done to it. The
 * provider, the simulated EC2 and the test share the folder; each change is a whole new file under a lock.
 */

const fs = require("node:fs");
const path = require("node:path");
const { isObject } = require("../../../toolchain/offline/command-values.js");

/** @typedef {Record<string, any>} Values */
/**
 * One resource as AWS would have it.
 * @typedef {object} Thing
 * @property {string} type for example `aws:ec2/instance:Instance`
 * @property {string} id
 * @property {string} urn
 * @property {string} name of the Pulumi resource
 * @property {Values} inputs as they came, secrets still wrapped
 * @property {Values} outs inputs and what AWS adds
 * @property {"running" | "stopped"} [state] of an instance
 * @property {number} [boots] how often an instance was started
 * @property {string} [userData] that an instance was first booted with: cloud-init runs it once
 */
/**
 * @typedef {object} World
 * @property {Record<string, Thing>} things by `type|id`
 * @property {Record<string, number>} faultsHit how often each fault of the control file was met
 * @property {number} counter for ids
 */
/**
 * One line of the log.
 * @typedef {object} Entry
 * @property {string} op create, read, update, delete, invoke, note, or what the simulated EC2 does
 * @property {string} [type]
 * @property {string} [name]
 * @property {string} [urn]
 * @property {string | undefined} [id]
 * @property {number} started milliseconds since 1970
 * @property {number} ended
 * @property {Values | undefined} [inputs] secrets as `[secret]`
 * @property {string} [error]
 * @property {string} [note]
 */
/**
 * What is to go wrong.
 * @typedef {object} Fault
 * @property {string} resource name of a Pulumi resource, or its type: `hub-1`, `aws:ec2/instance:Instance`, `Instance`
 * @property {"create" | "update" | "delete" | "read"} op
 * @property {"fail" | "slow"} kind
 * @property {string} [message] of the failure
 * @property {number} [ms] how slow
 * @property {boolean} [always] @default once
 */
/** @typedef {{ prefix: string, faults: Fault[], given: Record<string, Values> }} Control `given`: what others own */

/** @param {string} folder */
function openWorld(folder) {
	const file = path.join(folder, "world.json");
	const logFile = path.join(folder, "log.jsonl");
	const controlFile = path.join(folder, "control.json");

	/** @returns {World} */
	const read = () => (fs.existsSync(file) ? parse(file) : { things: {}, faultsHit: {}, counter: 0 });

	/** @returns {Control} */
	const control = () => ({
		prefix: "127.0.0",
		faults: [],
		given: {},
		...(fs.existsSync(controlFile) && parse(controlFile)),
	});

	return {
		read,
		control,

		/**
		 * Changes the world, alone.
		 *
		 * @template T
		 * @param {(world: World) => T} change an error leaves everything as it was
		 * @returns {T}
		 */
		change(change) {
			const free = lock(path.join(folder, "world.lock"));
			try {
				const world = read();
				const result = change(world);
				write(file, world);
				return result;
			} finally {
				free();
			}
		},

		/** @param {Control} value */
		setControl: (value) => write(controlFile, value),

		/** @param {Entry} entry */
		record(entry) {
			fs.appendFileSync(logFile, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
		},

		/** @returns {Entry[]} */
		log() {
			if (!fs.existsSync(logFile)) return [];
			const lines = fs.readFileSync(logFile, "utf8").split("\n");
			return lines.filter((line) => line !== "").map((line) => JSON.parse(line));
		},
	};
}

/** @param {string} file */
const parse = (file) => JSON.parse(fs.readFileSync(file, "utf8"));

/** @param {string} file @param {unknown} value */
function write(file, value) {
	const temporary = `${file}.${process.pid}`;
	fs.writeFileSync(temporary, JSON.stringify(value, undefined, "\t"), { mode: 0o600 });
	fs.renameSync(temporary, file);
}

/** Held for milliseconds only; whoever died with it is not waited for. @param {string} file */
function lock(file) {
	for (;;) {
		try {
			fs.closeSync(fs.openSync(file, "wx"));
			return () => fs.rmSync(file, { force: true });
		} catch (error) {
			if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
			const age = Date.now() - (fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
			if (age > 5000) fs.rmSync(file, { force: true });
			Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
		}
	}
}

/** @param {World} world @param {string} type @returns {Thing[]} */
const thingsOf = (world, type) => Object.values(world.things).filter((thing) => thing.type === type);

/** @param {World} world @param {string} type @param {string} id @returns {Thing | undefined} */
const thing = (world, type, id) => world.things[`${type}|${id}`];

/**
 * Secrets as a mark, at every depth.
 *
 * @param {unknown} value
 * @returns {any}
 */
function masked(value) {
	if (Array.isArray(value)) return value.map(masked);
	if (!isObject(value)) return value;
	if (value["4dabf18193072939515e22adb298388d"] === "1b47061264138c4ac30d75fd1eb44270") return "[secret]";
	return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, masked(inner)]));
}

module.exports = { openWorld, thingsOf, thing, masked };
