import type { AwsSettings, Settings } from "../config/model";
import { formatBits, formatBytes, formatRate } from "./format";
import { CATCH_UP, type NodeLoad, partOf, type Use, usesOf } from "./hub-load";
import { familyOf, LOCAL_MACHINE, type Machine, MEASURED_PROCESSORS, statedMachine, TABLE } from "./machines";
import type { Problem } from "./model";

/** Which machine a hub's nodes are, and what to say of one that does not do. */

/** What leafline chooses of where nothing is stated: Graviton, as much memory as a hub's streams like to have cached. */
const FAMILY = "m7g";
const SMALLEST = "m7g.large";

/** What helps against every scarcity. */
export const LESS =
	"put several readings into one message, lower rate or size, or spread the fleet over several stacks";

/** As settings write it. */
export function formatSync(sync: number | "always"): string {
	return sync === "always" ? sync : `${sync}ms`;
}

/** What the settings state; else the smallest that sustains the load, or the largest if none does. */
export function hubMachine({ hub }: Settings, load: NodeLoad): { machine: Machine; problem?: Problem } {
	const { aws } = hub;
	if (hub.kind === "local" || aws === undefined) return { machine: LOCAL_MACHINE };
	if (aws.instanceType === undefined) {
		const machine =
			smallest(FAMILY, load) ??
			smallest(FAMILY, { ...load, processors: 0, streamMessagesPerSecond: 0 }) ??
			familyOf(FAMILY).at(-1);
		return { machine: machine ?? LOCAL_MACHINE };
	}
	const machine = statedMachine(aws);
	if (machine !== undefined) return { machine: onItsDisks(aws, machine) };
	const problem: Problem = {
		document: "settings",
		path: ["hub", "aws", "instanceType"],
		message: `what ${aws.instanceType} sustains is not in leafline's table of ${TABLE.date}`,
		remedy:
			`choose another, for example ${SMALLEST}, or state what AWS does of it: ` +
			"hub.aws.baseline: { processors: 2, ebs: 630Mbit/s, iops: 3600, network: 937Mbit/s }",
	};
	return { machine: { ...LOCAL_MACHINE, name: aws.instanceType }, problem };
}

/** The smallest that sustains the load: of the same family, else of leafline's own choice. */
export function betterMachine(aws: AwsSettings, load: NodeLoad): Machine | undefined {
	const family = aws.instanceType?.split(".")[0] ?? FAMILY;
	const own = familyOf(family).map((machine) => onItsDisks(aws, machine));
	const other = aws.storage === "ebs" ? smallest(FAMILY, load) : undefined;
	return own.find((machine) => sustains(machine, load)) ?? other;
}

function smallest(family: string, load: NodeLoad): Machine | undefined {
	const all = familyOf(family);
	return all.slice(all.findIndex(({ name }) => name === SMALLEST)).find((machine) => sustains(machine, load));
}

function sustains(machine: Machine, load: NodeLoad): boolean {
	return partOf(usesOf(load, machine)[0]) <= 1;
}

/** With instance store nothing goes to EBS; what the disks of a type do AWS does not state. */
function onItsDisks({ storage }: AwsSettings, machine: Machine): Machine {
	if (storage === "ebs") return machine;
	const none = Number.POSITIVE_INFINITY;
	return { ...machine, volumeBytesPerSecond: none, volumeOperationsPerSecond: none };
}

/** What there is too little of, and how much of it is needed. */
export function whyNot({ what, needs, has }: Use, machine: Machine): string {
	const words: Record<keyof NodeLoad, readonly [amount: (value: number) => string, of: string]> = {
		processors: [(value) => value.toFixed(2), " processors"],
		volumeBytesPerSecond: [(value) => `${formatBytes(value)}/s`, " to its volume"],
		volumeOperationsPerSecond: [(value) => String(Math.round(value)), " operations a second on its volume"],
		networkBitsPerSecond: [formatBits, " of its network"],
		gatewayBitsPerSecond: [formatBits, " from the internet"],
		streamMessagesPerSecond: [formatRate, " in one stream"],
	};
	const [amount, of] = words[what];
	const again = `${CATCH_UP} times that, to catch up after an outage`;
	const capped = what === "processors" && machine.processors === MEASURED_PROCESSORS;
	const why = capped ? ` (no more than ${MEASURED_PROCESSORS} were measured; see hub.aws.baseline)` : "";
	return `a node needs ${amount(needs)}${of} for ${again}, and ${amount(has)} can be planned with${why}`;
}
