import type { Client, JournalEntry } from "./entry";

/** Accounts whose users may change the hub's streams. */
const ADMINISTRATORS = ["HUB", "ADMIN"];

/** Connections of administrators that were open at a time, as far as the journal goes back. Each is told once. */
export function administratorsAt(entries: readonly JournalEntry[], at: number): Client[] {
	const open = new Map<string, Client>();
	for (const { at: when, what, client } of entries) {
		if (when > at) break;
		if (!client || !ADMINISTRATORS.includes(client.account)) continue;
		if (what.kind === "connect") open.set(client.id, client);
		else if (what.kind === "disconnect") open.delete(client.id);
	}
	const told = new Map([...open.values()].map((client) => [`${client.name}\n${client.host}`, client]));
	return [...told.values()];
}
