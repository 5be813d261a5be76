/**
 * The lowest version of each client library that was seen to read the hub's streams in every way (`npm run bench --
 * clients`; docs/clients.md has the table). .NET could not be tried.
 */
export const CLIENTS: Readonly<Record<string, string>> = {
	c: "3.4.1",
	go: "1.11.0",
	java: "2.13.2",
	javascript: "2.13.1",
	python: "2.2.0",
};
