import { isSubset } from "../../../topology/subjects";
import type { DesignRole, Rule } from "../../model";
import { complies, violates } from "../outcomes";
import { list } from "../streams/each";

export const roleIsLeastPrivilege: Rule = {
	name: "role-is-least-privilege",
	area: "identity",
	title: "No role may do more than it needs",
	severity: "mandatory",
	why:
		"A device is in somebody else's hands some day. With exactly what it needs it can forge its own messages and nobody else's " +
		"(tried on 2.15.2: it could not purge the hub, read another device, publish for it or hear it). With CONSUMER.CREATE on the " +
		"hub, one device changed what another reader was sent. A list that is empty allows everything: without an allow list there " +
		"is nothing that NATS would deny.",
	remedy: "take the subjects out; what a role needs is in topology/permissions.ts",
	neighbours: [
		"NATS documentation, Authorization (https://docs.nats.io/running-a-nats-service/configuration/securing_nats/authorization)",
	],
	example: {
		fails: '{ "pub": { "allow": ["deliver.{{name()}}.>", "$JS.API.>"] } }\n',
		complies: '{ "pub": { "allow": ["deliver.{{name()}}.>"] } }\n',
		language: "json",
	},
	check: ({ roles }) =>
		roles.map((role) => {
			const { origin } = role;
			const excess = [
				...beyond("publish", role).map((subject) => `publish on ${subject}`),
				...beyond("subscribe", role).map((subject) => `subscribe to ${subject}`),
			];
			return excess.length === 0
				? complies(origin)
				: violates(origin, `${origin.label} may ${list(excess)}, which a ${role.role} does not need`);
		}),
};

function beyond(what: "publish" | "subscribe", role: DesignRole): string[] {
	const granted = role[what].length === 0 ? [">"] : role[what];
	// `subject queue` is a narrower grant than `subject`.
	return granted.filter((entry) => !role.exact[what].some((needed) => isSubset(entry.split(" ")[0] ?? "", needed)));
}
