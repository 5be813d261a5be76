import type { NatsConnection } from "nats";
import { expect, test } from "vitest";
import { Overtaken, put } from "../../cli/rollout/buckets";

/** A hub that refuses every write so. */
function refusing(code: number): NatsConnection {
	const error = { code: 400, err_code: code, description: "no" };
	return { request: async () => ({ data: Buffer.from(JSON.stringify({ error, stream: "KV", seq: 0 })) }) } as never;
}

// 10164 was seen at a hub of three nodes, when two began a rollout in the same moment.
test.each([10071, 10164])("error %i says that somebody else wrote first", async (code) => {
	await expect(put(refusing(code), "leafline_rollout", "rollout.current", "{}", { revision: 1 })).rejects.toThrow(
		Overtaken,
	);
});

test("any other one is what it is", async () => {
	await expect(put(refusing(10077), "leafline_rollout", "rollout.current", "{}")).rejects.toThrow("no (10077)");
});
