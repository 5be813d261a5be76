import type { Handler } from "../../streams/provider/handler";
import { createKeys } from "../keys";

/**
 * Makes an environment's keys, once. Nothing changes them again: neither an update nor a refresh, for whoever loses
 * them must give every device new credentials.
 */
export const keys: Handler = {
	async diff() {
		return { changes: false };
	},

	async create() {
		const made = createKeys();
		return { id: `keys-${made.createdAt}`, outs: { keys: made } };
	},

	async read(id, props) {
		return { id, props, inputs: {} };
	},

	async update(_id, olds) {
		return { outs: olds };
	},

	async delete() {},
};
