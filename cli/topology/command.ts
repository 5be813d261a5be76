import { type Command, Option } from "commander";
import { type Common, command, outputsOf, say } from "../options";
import { toDot } from "../picture/dot";
import { toMermaid } from "../picture/mermaid";
import { pictureOf } from "../picture/picture";
import { snapshotOfOutputs } from "../picture/snapshot";

const FORMATS = { mermaid: toMermaid, dot: toDot } as const;

/** `leafline topology`: reads the stack's outputs, and asks no server. */
export function addTopology(leafline: Command): void {
	command(leafline, "topology")
		.description("Draw which device's streams the hub's streams source, which they feed, and who reads them")
		.addOption(
			new Option("--format <format>", "language of the picture").choices(Object.keys(FORMATS)).default("mermaid"),
		)
		.action(async (options: Common & { format: keyof typeof FORMATS }) => {
			const { leafline } = await outputsOf(options);
			say(FORMATS[options.format](pictureOf(snapshotOfOutputs(leafline))));
		});
}
