import { expect, test } from "vitest";
import { adminCreds, readerCreds } from "../../components/identity/credentials";
import { createKeys } from "../../components/identity/keys";
import { markOf } from "../../jetstream/mark";

test("a mark holds for one request, and needs the administrator's seed", () => {
	const keys = createKeys();
	const creds = adminCreds(keys, { direct: true });
	const mark = markOf(creds, "STREAM.PURGE.hub_can", "{}");
	expect(mark).toMatch(/^[\w-]{43}$/);
	expect(markOf(creds, "STREAM.PURGE.hub_can", "{}")).toBe(mark);
	// The seed alone counts: the same user with other permissions is the same administrator.
	expect(markOf(adminCreds(keys, { direct: false }), "STREAM.PURGE.hub_can", "{}")).toBe(mark);
	for (const other of [
		markOf(creds, "STREAM.PURGE.hub_alarm", "{}"),
		markOf(creds, "STREAM.DELETE.hub_can", "{}"),
		markOf(creds, "STREAM.PURGE.hub_can", ""),
		markOf(readerCreds(keys, "lake", ["hub_can"]), "STREAM.PURGE.hub_can", "{}"),
		markOf(adminCreds(createKeys(), { direct: true }), "STREAM.PURGE.hub_can", "{}"),
	])
		expect(other).not.toBe(mark);
});
