// @ts-check
/** What the provider does to the invented account, each with its entry in the log. */

const { createHash, randomBytes } = require("node:crypto");
const { changes, plain } = require("../../../toolchain/offline/command-values.js");
const { masked, thing, thingsOf } = require("./world.js");
const { factsOf } = require("./catalog.js");
const { schemaOf } = require("./schema.js");
const { mistakes } = require("./check.js");
const { inClear } = require("./secrets.js");
const { newId, outputsOf } = require("./outputs.js");
const { contradictions, requireCreatable, requireDeletable, requireGone, INSTANCE, ATTACHMENT } = require("./rules.js");

/** @typedef {Record<string, any>} Values */
/** @typedef {{ urn: string, type: string, name: string }} Resource */
/** @typedef {{ path: string, kind: "add" | "delete" | "update", replace: boolean }} Difference */

/** Inputs that belong to Pulumi. @param {Values} inputs @returns {Values} */
const own = (inputs) => Object.fromEntries(Object.entries(inputs).filter(([key]) => !key.startsWith("__")));

/** @param {string} urn @returns {Resource} */
function resourceOf(urn) {
	const [, , types = "", ...name] = urn.split("::");
	return { urn, type: types.split("$").pop() ?? "", name: name.join("::") };
}

/**
 * @param {ReturnType<typeof import("./world.js").openWorld>} world
 * @param {{ region: string, settle(): Promise<void> }} around `settle` lets the simulated EC2 see what changed
 */
function operationsOn(world, around) {
	const surroundings = () => ({ region: around.region, prefix: world.control().prefix, given: world.control().given });

	/**
	 * Meets the faults that are set for an operation, does it, and records it.
	 *
	 * @template T
	 * @param {import("./world.js").Fault["op"]} op
	 * @param {Resource & { id?: string | undefined, inputs?: Values }} subject `id` may be set by the work
	 * @param {() => Promise<T> | T} work
	 */
	async function recorded(op, subject, work) {
		const { type, name, urn, id, inputs } = subject;
		const entry = { op, type, name, urn, id, started: Date.now(), inputs: inputs && masked(own(inputs)) };
		try {
			await meetFaults(op, subject);
			const result = await work();
			world.record({ ...entry, id: subject.id ?? id, ended: Date.now() });
			return result;
		} catch (error) {
			const message = error instanceof Error ? error.message : String(error);
			world.record({ ...entry, ended: Date.now(), error: message });
			throw new Error(`${op} of ${name} (${type}): ${message}`);
		}
	}

	/** @param {string} op @param {Resource} subject */
	async function meetFaults(op, { type, name }) {
		const names = [name, type, type.split(":").pop()];
		for (const [index, fault] of world.control().faults.entries()) {
			if (fault.op !== op || !names.includes(fault.resource)) continue;
			const key = `${index} ${JSON.stringify(fault)}`;
			const met = world.change(({ faultsHit }) => {
				faultsHit[key] = (faultsHit[key] ?? 0) + 1;
				return faultsHit[key];
			});
			if (met > 1 && !fault.always) continue;
			if (fault.kind === "slow") await new Promise((resolve) => setTimeout(resolve, fault.ms ?? 1000));
			else throw new Error(fault.message ?? "InternalError: told to fail");
		}
	}

	return {
		/**
		 * @param {Resource} resource
		 * @param {Values} olds
		 * @param {Values} news
		 * @param {Uint8Array} seed
		 * @returns {{ inputs: Values, failures: string[] }}
		 */
		check({ type, name }, olds, news, seed) {
			const schema = schemaOf(type);
			const say = (/** @type {string} */ sentence) => `${name} (${type}): ${sentence}`;
			if (!schema) return { inputs: news, failures: [say("@pulumi/aws has no such type")] };
			const inputs = { ...news, ...autoname(schema, name, olds, news, seed) };
			const values = plain(inputs);
			return { inputs, failures: [...mistakes(schema, values), ...contradictions(type, values)].map(say) };
		},

		/** @param {Resource} resource @param {Values} olds @param {Values} news @param {readonly string[]} ignored */
		diff({ type }, olds, news, ignored) {
			const [before, after] = [plain(own(olds)), plain(own(news))];
			const top = (/** @type {string} */ path) => path.split(/[.[]/)[0] ?? "";
			const found = changes(before, after).filter(({ path }) => !ignored.includes(top(path)));
			/** @type {Difference[]} */
			const differences = found.map((change) => ({ ...change, replace: forcesNew(type, change, found, after) }));
			const replaced = differences.some(({ replace }) => replace);
			const named = factsOf(type).namedBy ?? "name";
			// As Pulumi's bridge does: what has a name of its own cannot be there twice.
			const clash = after[named] !== undefined && after[named] === before[named] && !news.__defaults?.includes(named);
			return { differences, deleteBeforeReplace: replaced && clash };
		},

		/** @param {Resource} resource @param {Values} inputs @returns {Promise<{ id: string, outs: Values }>} */
		create(resource, inputs) {
			const { type } = resource;
			const subject = { ...resource, inputs, id: /** @type {string | undefined} */ (undefined) };
			return recorded("create", subject, async () => {
				const values = plain(own(inputs));
				for (const note of inClear(type, own(inputs))) {
					world.record({ op: "note", ...resource, started: Date.now(), ended: Date.now(), note });
				}
				const made = world.change((all) => {
					const named = completed(all, type, values);
					Object.assign(values, named);
					requireCreatable(all, surroundings().given, type, values);
					const id = newId(all, type, values);
					const outs = { ...own(inputs), ...named, ...outputsOf(type, id, values, { ...surroundings(), world: all }) };
					const running = type === INSTANCE && {
						state: /** @type {const} */ ("running"),
						boots: 1,
						userData: values.userData,
					};
					all.things[`${type}|${id}`] = { ...resource, id, inputs: own(inputs), outs, ...running };
					return { id, outs };
				});
				subject.id = made.id;
				await around.settle();
				return made;
			});
		},

		/** @param {Resource} resource @param {string} id @param {Values} inputs known until now; none for an import */
		read(resource, id, inputs) {
			return recorded("read", { ...resource, id }, () => {
				const found = thing(world.read(), resource.type, id);
				if (!found) return undefined;
				const known = Object.entries(found.inputs).filter(
					([key]) => Object.keys(own(inputs)).length === 0 || key in inputs,
				);
				const { __defaults } = inputs;
				return { outs: found.outs, inputs: { ...Object.fromEntries(known), ...(__defaults && { __defaults }) } };
			});
		},

		/** @param {Resource} resource @param {string} id @param {Values} inputs @returns {Promise<Values>} */
		update(resource, id, inputs) {
			const { type } = resource;
			return recorded("update", { ...resource, id, inputs }, async () => {
				const outs = world.change((all) => {
					const found = thing(all, type, id);
					if (!found) throw new Error(`NotFound: ${id} does not exist`);
					const [before, values] = [plain(found.inputs), plain(own(inputs))];
					const added = outputsOf(type, id, values, { ...surroundings(), world: all }, plain(found.outs));
					// Both can be changed only while it is stopped.
					const stopped = before.instanceType !== values.instanceType || before.userData !== values.userData;
					if (type === INSTANCE && stopped) found.boots = (found.boots ?? 0) + 1;
					found.inputs = own(inputs);
					const named = factsOf(type).namedBy ?? "name";
					const kept = named in found.outs ? { [named]: found.outs[named] } : {};
					found.outs = { ...kept, ...own(inputs), ...added };
					return found.outs;
				});
				await around.settle();
				return outs;
			});
		},

		/** @param {Resource} resource @param {string} id @param {Values} inputs */
		delete(resource, id, inputs) {
			return recorded("delete", { ...resource, id }, async () => {
				world.change((all) => {
					const gone = thing(all, resource.type, id);
					if (!gone) return requireGone(all, resource.type, plain(inputs));
					requireDeletable(all, gone);
					remove(all, gone);
				});
				await around.settle();
			});
		},
	};
}

/**
 * @param {import("./schema.js").Schema} schema
 * @param {string} name
 * @param {Values} olds
 * @param {Values} news
 * @param {Uint8Array} seed
 */
function autoname({ token, properties }, name, olds, news, seed) {
	const property = factsOf(token).namedBy ?? "name";
	const known = properties[property];
	if (!known || known.required || news[property] !== undefined || news[`${property}Prefix`] !== undefined) return {};
	if (olds.__defaults?.includes(property)) return { [property]: olds[property], __defaults: [property] };
	const bytes = seed.length > 0 ? createHash("sha256").update(seed).digest() : randomBytes(8);
	const made = property === "key" ? name : `${name}-${bytes.toString("hex").slice(0, 7)}`;
	return { [property]: property === "bucket" ? made.toLowerCase() : made, __defaults: [property] };
}

/**
 * The name that AWS makes of a prefix.
 *
 * @param {import("./world.js").World} world
 * @param {string} type
 * @param {Values} inputs
 */
function completed(world, type, inputs) {
	const property = factsOf(type).namedBy ?? "name";
	const prefix = inputs[`${property}Prefix`];
	return prefix === undefined ? {} : { [property]: `${prefix}2026${String(++world.counter).padStart(22, "0")}` };
}

/** @param {string} type @param {{ path: string, kind: string }} change @param {readonly { path: string }[]} all @param {Values} after */
function forcesNew(type, { path }, all, after) {
	const { replaces = [], oneOf = [] } = factsOf(type);
	const bare = path.replace(/\[\d+\]/g, "");
	if (replaces.some((name) => bare === name || bare.startsWith(`${name}.`) || name.startsWith(`${bare}.`))) return true;
	if (type === INSTANCE && bare === "userData" && after.userDataReplaceOnChange) return true;
	// Of a rule everything can be changed but the kind of its source.
	return oneOf.some((names) => names.includes(bare) && all.filter((other) => names.includes(other.path)).length > 1);
}

/** @param {import("./world.js").World} world @param {import("./world.js").Thing} gone */
function remove(world, gone) {
	const drop = (/** @type {import("./world.js").Thing} */ one) => {
		delete world.things[`${one.type}|${one.id}`];
	};
	if (gone.type === ATTACHMENT) {
		const { instanceId, stopInstanceBeforeDetaching, skipDestroy } = plain(gone.inputs);
		if (skipDestroy) return;
		const instance = thing(world, INSTANCE, instanceId);
		if (instance && stopInstanceBeforeDetaching) instance.state = "stopped";
	}
	drop(gone);
	if (gone.type !== INSTANCE) return;
	for (const attachment of thingsOf(world, ATTACHMENT)) {
		if (plain(attachment.inputs).instanceId === gone.id) drop(attachment);
	}
}

module.exports = { operationsOn, resourceOf, remove };
