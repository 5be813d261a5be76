import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ApiError, BadAnswer, JetStreamError } from "../../jetstream/errors";
import { readAnswer } from "../../jetstream/read-answer";
import { DEVICE_BOUNDS } from "../../jetstream/read-json";

const CALLS = [
	"INFO",
	"STREAM.INFO.edge1_can",
	"STREAM.CREATE.edge1_can",
	"STREAM.UPDATE.edge1_can",
	"STREAM.DELETE.edge1_can",
	"STREAM.PURGE.edge1_can",
	"STREAM.LIST",
	"STREAM.NAMES",
	"STREAM.MSG.GET.edge1_can",
	"STREAM.MSG.DELETE.edge1_can",
	"STREAM.LEADER.STEPDOWN.edge1_can",
	"CONSUMER.INFO.edge1_can.hub",
	"CONSUMER.CREATE.edge1_can.hub.down.edge1.can.>",
	"CONSUMER.RESET.edge1_can.hub",
	"CONSUMER.PAUSE.edge1_can.hub",
	"CONSUMER.DELETE.edge1_can.hub",
	"CONSUMER.LIST.edge1_can",
	"CONSUMER.NAMES.edge1_can",
];

const read = (payload: string | Uint8Array, call = "STREAM.INFO.edge1_can") =>
	readAnswer(typeof payload === "string" ? Buffer.from(payload) : payload, {
		who: "edge1",
		call,
		domain: "edge1",
		bounds: DEVICE_BOUNDS,
	});

function refused(payload: string | Uint8Array, call?: string): JetStreamError {
	try {
		read(payload, call);
	} catch (error) {
		if (error instanceof JetStreamError) return error;
		throw error;
	}
	throw new Error("it was taken for an answer");
}

/** What nats-server 2.15.2 answers, shortened. */
const INFO = {
	type: "io.nats.jetstream.api.v1.stream_info_response",
	total: 0,
	offset: 0,
	limit: 0,
	config: {
		name: "edge1_can",
		subjects: ["edge1.can.>", "vehicle.>"],
		retention: "limits",
		max_consumers: -1,
		max_bytes: 50_000_000,
		metadata: { "leafline.owner": "leafline/test" },
	},
	created: "2026-11-26T04:26:06.123456789Z",
	state: { messages: 3, bytes: 300, first_seq: 2, first_ts: "0001-01-01T00:00:00Z", last_seq: 5, consumer_count: 1 },
	domain: "edge1",
	ts: "2026-11-26T04:27:06Z",
};
const CONSUMER = {
	type: "io.nats.jetstream.api.v1.consumer_info_response",
	stream_name: "edge1_can",
	name: "hub",
	config: { durable_name: "hub", max_ack_pending: 256 },
	delivered: { consumer_seq: 3, stream_seq: 5 },
	ack_floor: { consumer_seq: 3, stream_seq: 5 },
	num_ack_pending: 0,
	num_pending: 0,
};

/** A copy with one field, named by its path, put to something else. */
function but(answer: object, path: string, value: unknown): string {
	const copy = structuredClone(answer) as Record<string, unknown>;
	const steps = path.split(".");
	const last = steps.pop() ?? "";
	let at = copy;
	for (const step of steps) at = at[step] as Record<string, unknown>;
	at[last] = value;
	return JSON.stringify(copy);
}

test("what a server answers comes through as it is, fields that nobody knows included", () => {
	expect(read(JSON.stringify(INFO))).toEqual(INFO);
	expect(read(JSON.stringify(CONSUMER), "CONSUMER.INFO.edge1_can.hub")).toEqual(CONSUMER);
	const list = {
		type: "io.nats.jetstream.api.v1.stream_list_response",
		total: 0,
		offset: 0,
		limit: 256,
		streams: null,
	};
	expect(read(JSON.stringify(list), "STREAM.LIST")).toEqual(list);
});

describe("what no server answers is one error, which names who, the call and what is wrong", () => {
	test.each([
		["nothing", "", "it is empty"],
		["no JSON", "fine", "it is no JSON"],
		["bytes", Uint8Array.of(0xff, 0xfe, 0), "it is no JSON"],
		["null", "null", "it is no JSON object"],
		["a number", "5", "it is no JSON object"],
		["a list", "[]", "it is no JSON object"],
		["an empty map", "{}", "config: expected object, received undefined"],
		["no configuration", '{"config":null,"state":null}', "config: expected object, received null"],
		["texts", '{"config":"x","state":"y"}', "config: expected object, received string"],
		["brackets", "[".repeat(500_000) + "]".repeat(500_000), "it is nested more than 32 deep"],
		["open brackets", '{"a":['.repeat(100_000), "it is nested more than 32 deep"],
		["values", `[${"0,".repeat(400_000)}0]`, "it has more than 200000 values"],
		["bytes without end", `"${"x".repeat(5 << 20)}"`, "it has 5242882 bytes, and 4194304 are the most"],
		["another stream", but(INFO, "config.name", "edge2_can"), "it is about edge2_can"],
		["another domain", but(INFO, "domain", "edge2"), "it is from the domain edge2"],
		["another call", JSON.stringify(CONSUMER), "it is the answer to another call"],
		["a number that is none", but(INFO, "state.last_seq", "a"), "state.last_seq: expected number, received string"],
		["a negative one", but(INFO, "state.bytes", -5), "state.bytes: Too small: expected number to be >=0"],
		["one that is not exact", but(INFO, "state.messages", 1e308), /^state\.messages: /],
		["one that is infinite", but(INFO, "state.messages", 0).replace('"messages":0', '"messages":1e400'), /Infinity/],
		["a broken one", but(INFO, "state.messages", 0.5), /^state\.messages: expected int/],
		["more messages than sequences", but(INFO, "state.messages", 5), "state: more messages than sequences"],
		["a time that is none", but(INFO, "created", "now\n"), "created: expected a time"],
		["a time without end", but(INFO, "created", `2026-11-26T04:26:06.${"0".repeat(99)}Z`), /^created: /],
		[
			"20,000 keys",
			but(
				INFO,
				"config.metadata",
				Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`leafline.k${i}`, "v"])),
			),
			"config.metadata: more than the 128 KiB that a server takes",
		],
		["a list of something", but(INFO, "config.subjects", [5]), "config.subjects.0: expected string, received number"],
		["a name without end", but(INFO, "config.name", "x".repeat(300)), /^config\.name: Too big/],
	])("%s", (_, payload, reason) => {
		const error = refused(payload);
		expect(error).toBeInstanceOf(BadAnswer);
		expect((error as BadAnswer).reason).toMatch(reason);
		expect(error.message).toBe(
			`edge1 STREAM.INFO.edge1_can: its answer cannot be used: ${(error as BadAnswer).reason}`,
		);
	});

	test("of a consumer, that of another stream or another one", () => {
		const call = "CONSUMER.INFO.edge1_can.hub";
		expect(refused(but(CONSUMER, "stream_name", "edge2_can"), call).message).toMatch(/is about edge2_can$/);
		expect(refused(but(CONSUMER, "name", "lake"), call).message).toMatch(/is about lake$/);
		expect(refused(but(CONSUMER, "ack_floor.stream_seq", 1e300), call).message).toMatch(/ack_floor\.stream_seq: /);
		expect(refused(but(CONSUMER, "num_pending", -7), call).message).toMatch(/num_pending: /);
		expect(refused(but(CONSUMER, "num_ack_pending", "\u001b[31mx"), call).message).toMatch(/num_ack_pending: /);
	});
});

test("a refusal is shown as one line of text, without orders for a terminal, and not in all its length", () => {
	const description = `\u001b[2J\u001b[1;1Hall is well\n\u001b]0;owned\u0007 \u202egnorw \u200bx${"y".repeat(99_999)}`;
	const error = refused(JSON.stringify({ error: { code: 400, err_code: 10099, description } }));
	expect(error).toBeInstanceOf(ApiError);
	expect(error.message).toMatch(/^edge1 STREAM\.INFO\.edge1_can: \[2J \[1;1Hall is well \]0;owned gnorw x{0,1}/);
	expect(error.message).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
	expect(error.message.length).toBeLessThan(600);
	expect(refused('{"error":"x"}')).toBeInstanceOf(BadAnswer);
	expect(refused('{"error":{"code":1e999}}')).toBeInstanceOf(BadAnswer);
	expect(refused('{"error":{}}').message).toBe("edge1 STREAM.INFO.edge1_can: refused (0)");
});

test("what the hub passes on of one device is no reason to take nothing of the others", () => {
	const sources = [
		{ name: "edge1_can", seq: 2 ** 63, lag: 2 ** 64, active: -1, error: { code: 1e300, description: 5 } },
		{ name: "edge2_can", seq: 7, lag: 0, active: 12 },
	];
	const answer = { ...INFO, config: { ...INFO.config, name: "hub_can" }, domain: "hub", sources };
	const state = { ...INFO.state, subjects: { [`edge1.can.${"x".repeat(9_000)}`]: 1, "edge2.can.\u001b[2J": 2 } };
	const asked = { who: "hub", call: "STREAM.INFO.hub_can", domain: "hub", bounds: DEVICE_BOUNDS };
	const { sources: read } = readAnswer(Buffer.from(JSON.stringify({ ...answer, state })), asked) as typeof answer;
	expect(read[0]).toMatchObject({ seq: Number.MAX_SAFE_INTEGER, error: { description: "refused" } });
	expect(read[1]).toEqual(sources[1]);
});

describe("whatever comes", () => {
	const call = fc.constantFrom(...CALLS);

	test("any JSON is an answer, or one error within bounds", () => {
		fc.assert(
			fc.property(
				call,
				fc.oneof(
					fc.json({ maxDepth: 40 }),
					fc.jsonValue({ maxDepth: 6 }).map((it) => JSON.stringify(it)),
				),
				(asked, payload) => {
					answersOrErrs(asked, payload);
				},
			),
			{ numRuns: 500 },
		);
	});

	test("any bytes are as well", () => {
		fc.assert(
			fc.property(call, fc.uint8Array({ maxLength: 200 }), (asked, payload) => {
				answersOrErrs(asked, payload);
			}),
		);
	});

	test("and a good answer of which one part is anything", () => {
		const paths = [
			"config",
			"config.name",
			"config.subjects",
			"config.metadata",
			"config.max_bytes",
			"config.sources",
			"created",
			"state",
			"state.messages",
			"state.last_seq",
			"state.subjects",
			"domain",
			"sources",
			"cluster",
			"type",
			"error",
		];
		fc.assert(
			fc.property(fc.constantFrom(...paths), fc.jsonValue({ maxDepth: 4 }), (path, value) => {
				answersOrErrs("STREAM.INFO.edge1_can", but(INFO, path, value));
			}),
			{ numRuns: 500 },
		);
	});
});

function answersOrErrs(call: string, payload: string | Uint8Array): void {
	try {
		read(payload, call);
	} catch (error) {
		expect(error).toBeInstanceOf(JetStreamError);
		const { message, stack } = error as JetStreamError;
		expect(message.startsWith(`edge1 ${call}: `)).toBe(true);
		expect(message.length).toBeLessThan(call.length + 700);
		expect(message).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
		expect(stack).toBe("");
	}
}
