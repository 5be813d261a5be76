import { counted, listed } from "./edge-reports";
import { IncompleteError } from "./errors";
import { type Handler, type Props, UNKNOWN } from "./handler";

/** Fails where a device did, after everything else is done. The next update tries again, and the state loses nothing. */
export const devices: Handler = {
	async diff(_id, olds, news) {
		// A preview cannot know which will fail, and expects none.
		const next = news.failed === UNKNOWN ? {} : failures(news);
		return { changes: Object.keys({ ...failures(olds), ...next }).length > 0 };
	},

	async create(inputs) {
		judge(inputs);
		return { id: "devices", outs: inputs };
	},

	async read(id, props) {
		return { id, props, inputs: props };
	},

	async update(_id, _olds, news) {
		judge(news);
		return { outs: news };
	},

	async delete() {},
};

function judge(inputs: Props): void {
	const failed = failures(inputs);
	const count = Object.keys(failed).length;
	if (count === 0) return;
	const message = `${counted(count)} failed, all others are done:\n${listed(failed)}`;
	// The engine prints the reasons, every one.
	throw new IncompleteError(message, "devices", inputs, [message]);
}

function failures({ failed }: Props): Readonly<Record<string, string>> {
	return (failed ?? {}) as Record<string, string>;
}
