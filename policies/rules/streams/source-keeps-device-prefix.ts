import type { SubjectTransform } from "../../../topology/jetstream";
import { edgePrefix, HUB_DOMAIN } from "../../../topology/names";
import { isSubset, transform } from "../../../topology/subjects";
import type { DesignStream, Rule } from "../../model";
import { complies, violates } from "../outcomes";
import { eachSourcing, list } from "./each";
import type { Inflow } from "./flow";
import { isExternal } from "./sourcing";

export const sourceKeepsDevicePrefix: Rule = {
	name: "source-keeps-device-prefix",
	area: "streams",
	title: "The hub stores what it sources under the name of the device it came from",
	severity: "mandatory",
	why:
		"A device that was taken over can put any subject into its own stream, and without transforms the hub stores it " +
		"as it is (tried on nats-server 2.15.2). A transform with a narrow src lets through what it does not match. Those that " +
		"replace the first two tokens of every subject leave no way to write in another device's name.",
	remedy: "give the source subject_transforms that map *.*.> to <device>.<class>.>, and *.* to <device>.<class>",
	example: {
		fails:
			"name: hub_can\nsources:\n  - name: edge1_can\n    external: { api: $JS.edge1.API, deliver: deliver.edge1 }\n    opt_start_seq: 1\n",
		complies:
			"name: hub_can\nsources:\n  - name: edge1_can\n    external: { api: $JS.edge1.API, deliver: deliver.edge1 }\n    opt_start_seq: 1\n    subject_transforms:\n" +
			"      - { src: '*.*.>', dest: edge1.can.> }\n      - { src: '*.*', dest: edge1.can }\n",
		language: "yaml",
	},
	check: eachSourcing(
		({ side }) => side === "hub",
		(inflows, stream) => {
			const { origin } = stream;
			const remote = inflows.filter((inflow) => isExternal(inflow) && inflow.domain !== HUB_DOMAIN);
			const open = remote.filter((inflow) => leak(inflow, stream) !== undefined);
			const [first] = open;
			if (first === undefined) {
				return remote.length > 0 ? complies(origin) : undefined;
			}
			return violates(
				origin,
				`${origin.label} stores messages of ${list(open.map(({ source }) => source.name))} on any subject, for example ` +
					`${leak(first, stream)}: a device can write in another one's name`,
			);
		},
	),
};

/** Subjects of every shape that matters, of a device that no fleet has. A single token is no device's. */
const FOREIGN = ["intruder.can", "intruder.can.speed", "intruder.can.speed.left.front"];

/** What a device could make the hub store outside its own prefix. */
function leak({ source, domain }: Inflow, { class: name }: DesignStream): string | undefined {
	const prefix = name === undefined ? domain : edgePrefix(domain, name);
	return FOREIGN.map((subject) => afterTransforms(subject, source.subject_transforms ?? [])).find(
		(subject) => subject !== prefix && !isSubset(subject, `${prefix}.>`),
	);
}

/** The first one that matches counts; what none matches stays as it is. */
function afterTransforms(subject: string, rules: readonly SubjectTransform[]): string {
	const rule = rules.find(({ src }) => isSubset(subject, src));
	return (rule && transform(subject, rule)) ?? subject;
}
