import type { Rule } from "../../model";
import { complies, violates } from "../outcomes";
import { eachField } from "./each";

export const criticalClassOnFile: Rule = {
	name: "critical-class-on-file",
	area: "streams",
	title: "A critical class is stored on disk",
	severity: "mandatory",
	why:
		"Memory storage is gone with the process: a restart of the server, an update or a power cut loses every message that was " +
		"acknowledged and not yet on the hub. Storage cannot be changed in place either (error 10052), so a stream that was made " +
		"so has to be made again.",
	remedy: "set storage: file for the class, or whenFull: drop-oldest if it may lose messages",
	example: {
		fails: "classes:\n  can: { whenFull: refuse, storage: memory }\n",
		complies: "classes:\n  can: { whenFull: refuse, storage: file }\n",
		language: "yaml",
	},
	check: eachField(
		"storage",
		({ critical }) => critical,
		(storage = "file", { origin }) =>
			storage === "file"
				? complies(origin)
				: violates(
						origin,
						`${origin.label} holds a critical class and has storage ${storage}: a restart of its server loses everything in it`,
					),
	),
};
