import { type JsonStatement, list } from "./evaluate";
import { type ActionFacts, factsOf, hasKey } from "./reference";

/** What a statement asks that AWS cannot answer: it would never apply, or mean nothing. Empty when it is good. */
export async function mistakesIn(statement: JsonStatement): Promise<string[]> {
	const { Sid, Condition = {} } = statement;
	const resources = list(statement.Resource);
	const keys = Object.values(Condition).flatMap((tests) => Object.keys(tests));
	const mistakes: string[] = [];
	const used = new Set<string>();
	for (const action of list(statement.Action)) {
		const facts = await factsOf(action);
		if (!facts) {
			mistakes.push(`${Sid}: AWS has no action ${action}`);
			continue;
		}
		if (statement.Principal !== undefined) continue;
		const types = facts.types.filter(({ overlaps }) => resources.some(overlaps));
		for (const resource of resources) {
			if (resource === "*" || facts.types.some(({ overlaps }) => overlaps(resource))) used.add(resource);
		}
		if (types.length === 0 && !resources.includes("*")) {
			mistakes.push(`${Sid}: ${action} knows no resource such as ${resources.join(", ")}`);
		}
		for (const key of keys) {
			if (!answers(facts, types, key)) mistakes.push(`${Sid}: ${action} has no condition key ${key} there`);
		}
	}
	for (const resource of resources) {
		if (statement.Principal === undefined && !used.has(resource))
			mistakes.push(`${Sid}: ${resource} is nothing to any action`);
	}
	return mistakes;
}

function answers(facts: ActionFacts, types: ActionFacts["types"], key: string): boolean {
	return hasKey([...facts.keys, ...types.flatMap((type) => type.keys)], key);
}
