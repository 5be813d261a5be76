import type { SubjectTransform } from "../../../topology/jetstream";
import { edgePrefix, HUB_DOMAIN } from "../../../topology/names";
import { isSubset, tokenCount, transform } from "../../../topology/subjects";
import type { DesignStream, Rule } from "../../model";
import { complies, isFullyKnown, unknown, violates } from "../outcomes";
import { eachSourcing, list } from "./each";
import type { Inflow } from "./flow";
import { isExternal } from "./sourcing";

export const sourceKeepsDevicePrefix: Rule = {
	name: "source-keeps-device-prefix",
	area: "streams",
	title: "The hub stores what it sources under the name of the device it came from",
	severity: "mandatory",
	why:
		"A device that was taken over can put any subject into its own stream, and without a transform the hub stores it " +
		"as it is (tried on nats-server 2.15.2). A source's transform that replaces the first two tokens of every subject of " +
		"three or more, and one of the stream for those of two, leave no way to write in another device's name; a single " +
		"token is no device's. A subject that is no literal (with an empty token, or a wildcard for a token) passes every " +
		"transform: it is nobody's, and docs/security.md says what readers do.",
	remedy:
		"give the source a transform from *.*.> to <device>.<class>.>, and the stream the " +
		"subject_transform from *.* to stray",
	example: {
		fails:
			"name: hub_can\nsources:\n  - name: edge1_can\n    external: { api: $JS.edge1.API, deliver: deliver.edge1 }\n    opt_start_seq: 1\n",
		complies:
			"name: hub_can\nsubject_transform: { src: '*.*', dest: stray }\nsources:\n  - name: edge1_can\n    external: { api: $JS.edge1.API, deliver: deliver.edge1 }\n    opt_start_seq: 1\n    subject_transforms:\n" +
			"      - { src: '*.*.>', dest: edge1.can.> }\n",
		language: "yaml",
	},
	check: eachSourcing(
		({ side }) => side === "hub",
		(inflows, stream) => {
			const { origin } = stream;
			const { subject_transform: own } = stream.config;
			const remote = inflows.filter((inflow) => isExternal(inflow) && inflow.domain !== HUB_DOMAIN);
			if (remote.length > 0 && !isFullyKnown(own)) {
				return unknown(origin, `subject_transform of ${origin.label}`);
			}
			const strays = isFullyKnown(own) && own !== undefined ? [own] : [];
			const open = remote.filter((inflow) => leak(inflow, stream, strays) !== undefined);
			const [first] = open;
			if (first === undefined) {
				return remote.length > 0 ? complies(origin) : undefined;
			}
			return violates(
				origin,
				`${origin.label} stores messages of ${list(open.map(({ source }) => source.name))} on any subject, for example ` +
					`${leak(first, stream, strays)}: a device can write in another one's name`,
			);
		},
	),
};

/** Subjects of every shape that matters, of a device that no fleet has. */
const FOREIGN = ["intruder", "intruder.can", "intruder.can.speed", "intruder.can.speed.left.front"];

/** What a device could make the hub store in another one's name. A single token is no device's. */
function leak(
	{ source, domain }: Inflow,
	{ class: name }: DesignStream,
	strays: readonly SubjectTransform[],
): string | undefined {
	const prefix = name === undefined ? domain : edgePrefix(domain, name);
	return FOREIGN.map((subject) =>
		afterTransforms(afterTransforms(subject, source.subject_transforms ?? []), strays),
	).find((subject) => tokenCount(subject) > 1 && subject !== prefix && !isSubset(subject, `${prefix}.>`));
}

/** The first one that matches counts; what none matches stays as it is. */
function afterTransforms(subject: string, rules: readonly SubjectTransform[]): string {
	const rule = rules.find(({ src }) => isSubset(subject, src));
	return (rule && transform(subject, rule)) ?? subject;
}
