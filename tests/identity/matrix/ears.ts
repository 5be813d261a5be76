import { THIEF } from "./fleet";
import type { Attacker } from "./runner";
import type { Stage } from "./stage";

/** What somebody listens to who has no business there. */
export const EARS: readonly string[] = [
	"deliver.edge2.>",
	"dl.edge2.>",
	"vehicle.>",
	"$JS.edge2.API.>",
	"_INBOX.>",
	"down.>",
	"*.>",
	">",
];

/** What belongs to others of what is heard while everything happens in the fleet that happens there. */
export async function overhear(stage: Stage, { mouth, own }: Attacker, ears: readonly string[]): Promise<string[]> {
	for (const ear of ears) await mouth.listen(ear);
	const before = mouth.heard.length;
	const foreign = () =>
		mouth.heard
			.slice(before)
			.filter(
				({ subject, body }) =>
					!subject.includes(THIEF) && !own.some((mine) => subject.startsWith(mine)) && body !== "own",
			)
			.map(({ subject }) => subject);
	const deadline = Date.now() + 1_500;
	while (foreign().length === 0 && Date.now() < deadline) {
		await stage.traffic();
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
	return [...new Set(foreign())];
}
