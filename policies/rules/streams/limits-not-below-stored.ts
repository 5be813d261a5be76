import { formatBytes } from "../../../topology/format";
import type { Rule } from "../../model";
import { complies, isKnown, unknown, violates } from "../outcomes";
import { eachStream } from "./each";

export const limitsNotBelowStored: Rule = {
	name: "limits-not-below-stored",
	area: "streams",
	title: "No limit is lowered below what a stream holds",
	severity: "advisory",
	why:
		"The server accepts a lower max_bytes or max_msgs in place and deletes the oldest messages until the rest fits, " +
		"at once, whether or not anyone has read them. There is no way back.",
	remedy: "wait until the stream holds less, or say with allowDataLoss that its messages may go",
	example: {
		fails: "name: hub_can            # holds 40GiB\nmax_bytes: 10737418240\n",
		complies: "name: hub_can            # holds 40GiB\nmax_bytes: 107374182400\n",
		language: "yaml",
	},
	check: eachStream(({ origin, state, config: { max_bytes: bytes, max_msgs: messages } }) => {
		if (state === undefined) {
			return undefined;
		}
		if (isKnown(bytes) && bytes > 0 && bytes < state.bytes) {
			const sizes = `max_bytes ${formatBytes(bytes)}, and it holds ${formatBytes(state.bytes)}`;
			return violates(origin, `${origin.label} would have ${sizes}: the server deletes its oldest messages at once`);
		}
		if (isKnown(messages) && messages > 0 && messages < state.messages) {
			const counts = `max_msgs ${messages}, and it holds ${state.messages} messages`;
			return violates(origin, `${origin.label} would have ${counts}: the server deletes the oldest of them at once`);
		}
		return isKnown(bytes) && isKnown(messages) ? complies(origin) : unknown(origin, `limits of ${origin.label}`);
	}),
};
