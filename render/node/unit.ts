/** The parameter `nats-hub.service`: the hardened unit that runs the server. */
export function renderUnit(): string {
	throw new Error("to come");
}
