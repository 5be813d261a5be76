import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatPath, formatProblems } from "../../config/errors";
import { hideSecrets } from "../../config/secrets";
import { parseSettings } from "../../config/settings";
import { quote, show } from "../../config/words";
import { complaint } from "./compliant";

// Put together here, so that nobody's scanner takes them for real ones.
const SEED = `SU${"AQ2F".repeat(14)}`;
const JWT = `eyJ0eXAiOiJKV1Qi.${"eyJuYXRzIjp7fX0"}.${"s".repeat(86)}`;

describe("a secret that somebody typed", () => {
	it.each([
		["a seed", SEED, SEED],
		["a seed that was cut off", SEED.slice(0, 40), SEED.slice(2, 40)],
		["a seed in small letters", SEED.toLowerCase(), SEED.toLowerCase()],
		["a private nkey", `P${"ABCDEFG7".repeat(7)}`, "ABCDEFG7"],
		["a user's JWT", JWT, "eyJuYXRzIjp7fX0"],
		["a key", `-----BEGIN PRIVATE${" "}KEY-----\nMIGHAgEAMBMG\n-----END PRIVATE${" "}KEY-----`, "MIGHAgEAMBMG"],
		["a key that was cut off", `-----BEGIN EC PRIVATE${" "}KEY-----\nMIGHAgEAMBMG`, "MIGHAgEAMBMG"],
		["an AWS key", `AKIA${"ABCD".repeat(4)}`, "ABCDABCD"],
		["a GitHub token", `ghp_${"a1".repeat(20)}`, "a1a1"],
		["a URL with a password", "nats://u:hunter22@hub:4222", "hunter22"],
		["a URL with a password that has a slash and an at", "tls://u:hun/t@r22@hub:4222", "t@r22"],
		["a URL with a token", "nats://hunter22@hub:4222", "hunter22"],
		["a URL with too few slashes", "nats:/u:hunter22@hub:4222", "hunter22"],
		["an address without a scheme", "u:hunter22@hub:4222", "hunter22"],
		["an assignment", "password=hunter22", "hunter22"],
	])("is not shown: %s", (_, text, secret) => {
		for (const shown of [hideSecrets(text), show(text), quote(`see ${text}`)]) {
			expect(shown).not.toContain(secret);
			expect(shown).toMatch(/\[secret: an? [\w ]+\]/);
		}
	});

	it.each([
		"nats://hub.example.com:4222",
		"tls://hub.example.com:7422",
		"ops@example.com",
		"mailto:ops@example.com",
		"ghcr.io/nats-io/nats:2.15.2@sha256:0a1b2c",
		"https://example.com/a:b@c",
		"arn:aws:kms:eu-central-1:123456789012:key/1234",
		"UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4",
		"stored/subscribed: somewhere-in-the-file",
		"secret: 12",
		"truck-[001-250]",
	])("is none, and stays: %s", (text) => expect(hideSecrets(text)).toBe(text));

	it("is hidden once, however often it is shown", () => {
		const part = fc.oneof(
			fc.constantFrom(SEED, JWT, "nats://u:p@h", "a:b@c", "password: hunter22", " ", "@"),
			fc.string(),
		);
		fc.assert(
			fc.property(fc.array(part), (parts) => {
				const hidden = hideSecrets(parts.join(" "));
				expect(hidden).not.toContain(SEED);
				expect(hideSecrets(hidden)).toBe(hidden);
			}),
		);
	});

	it("is looked for in a megabyte of anything, within the test's deadline", () => {
		for (const unit of ["a:", "://", "S", "eyJ", "-----BEGIN A-----", "password", "a://b:", "secret = "]) {
			expect(hideSecrets(unit.repeat(1_000_000 / unit.length))).not.toBe("");
		}
	});
});

describe("what is said of a mistake", () => {
	it("names a seed in the place of a public key, and does not show it", () => {
		const said = complaint("    retired: drain", `    publicKey: ${SEED}`);
		expect(said).toContain(
			'devices.truck-002.publicKey: "[secret: an nkey seed]" is not the public key of a NATS user',
		);
		expect(said).not.toContain(SEED.slice(4, 20));
	});

	it("does not show the password of a URL that is no URL of NATS", () => {
		const { problems } = parseSettings("dev", { controlUrls: ["http://u:hunter22@hub"] });
		expect(JSON.stringify(problems)).not.toContain("hunter22");
		expect(JSON.stringify(problems)).toContain("http://[secret: a password]@hub");
	});

	it("shows none that is a key, or that stands in words of somebody else's", () => {
		expect(formatPath(["devices", SEED])).toBe("devices.[secret: an nkey seed]");
		const problem = { path: [], message: "cannot read nats://u:hunter22@hub", remedy: "", document: "fleet" as const };
		expect(formatProblems([{ ...problem, file: "x" }])).toBe("x  cannot read nats://[secret: a password]@hub");
	});
});
