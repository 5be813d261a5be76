import type { Rule } from "../../model";
import { complies, violates } from "../outcomes";
import { eachField } from "./each";

export const persistModeIsNotAsync: Rule = {
	name: "persist-mode-is-not-async",
	area: "streams",
	title: "A message is acknowledged only after it was written",
	severity: "mandatory",
	why:
		"persist_mode: async acknowledges before the write, and switches off sync_interval: always, " +
		"so that a crash of the process alone loses acknowledged messages. It cannot be changed in place (error 10052).",
	remedy: "take persist_mode out",
	example: {
		fails: "name: edge1_can\npersist_mode: async\n",
		complies: "name: edge1_can\n",
		language: "yaml",
	},
	check: eachField(
		"persist_mode",
		() => true,
		(mode = "default", { origin }) =>
			mode === "async"
				? violates(
						origin,
						`${origin.label} has persist_mode async: what was acknowledged is lost when the server crashes`,
					)
				: complies(origin),
	),
};
