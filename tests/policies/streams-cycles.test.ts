import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluate } from "../../policies/evaluate";
import type { Design, DesignStream } from "../../policies/model";
import { streamsFormNoCycle } from "../../policies/rules/streams/streams-form-no-cycle";
import { added, expectBroken, foreign, source } from "./breaks";
import { compliantDesign, policyConfig, withStream } from "./fixture";

const RULE = "streams-form-no-cycle";

describe("cycles", () => {
	it("two streams that source each other", () => {
		const a = foreign("orders_eu", "eu", { sources: [source("orders_us", "us")] });
		const b = foreign("orders_us", "us", { sources: [source("orders_eu", "eu")] });
		expectBroken(added(a, b), {
			rule: RULE,
			at: "orders_eu",
			message: "eu/orders_eu and us/orders_us feed each other: every message comes back and is stored again",
		});
	});

	it("a stream that sources itself", () => {
		expectBroken(added(foreign("loop", "eu", { sources: [{ name: "loop", opt_start_seq: 1 }] })), {
			rule: RULE,
			at: "loop",
			message: "eu/loop takes in its own messages: each comes back and is stored again",
		});
	});

	it("four streams over three domains, one of them a mirror", () => {
		const ring = [
			foreign("a", "d1", { sources: [source("d", "d3")] }),
			foreign("b", "d2", { sources: [source("a", "d1")] }),
			foreign("c", "d2", { mirror: { name: "b" } }),
			foreign("d", "d3", { sources: [source("c", "d2")] }),
		];
		const message =
			"streams form a cycle, d1/a → d2/b → d2/c → d3/d → d1/a: every message comes back and is stored again";
		expectBroken(added(...ring), { rule: RULE, at: "a", message });
		expectBroken(added(...ring.reverse()), { rule: RULE, at: "a", message });
	});

	it("a hub's stream that a device sources, whose stream the hub sources", () => {
		const design = withStream(compliantDesign(), "edge1_can", () => ({
			config: { sources: [source("hub_can", "hub", "dl.edge1")] },
		}));
		expectBroken(design, {
			rule: RULE,
			at: "edge1_can on edge1",
			message: "edge1/edge1_can and hub/hub_can feed each other: every message comes back and is stored again",
		});
	});

	it.each([
		["in its own domain", "eu"],
		["in another one", "us"],
	])("a subject that one stream publishes once more and another one captures %s", (_name, domain) => {
		const raw = foreign("raw", "eu", {
			sources: [domain === "eu" ? { name: "copy", opt_start_seq: 1 } : source("copy", domain)],
			republish: { src: "lab.>", dest: "out.{{wildcard(1)}}.>" },
		});
		const copy = foreign("copy", domain, { subjects: ["out.*.speed"] });
		expectBroken(added(raw, copy), {
			rule: RULE,
			at: domain === "eu" ? "copy" : "raw",
			message:
				domain === "eu"
					? "eu/copy and eu/raw feed each other: every message comes back and is stored again"
					: "eu/raw and us/copy feed each other: every message comes back and is stored again",
		});
	});

	it("two that have nothing in common are both reported", () => {
		const pairs = ["p", "q"].flatMap((name) => [
			foreign(`${name}1`, "d1", { sources: [source(`${name}2`, "d2")] }),
			foreign(`${name}2`, "d2", { sources: [source(`${name}1`, "d1")] }),
		]);
		const findings = evaluate(added(...pairs), policyConfig(), [streamsFormNoCycle]);
		expect(findings.map(({ origin }) => origin.label)).toEqual(["p1", "q1"]);
	});
});

describe("no cycles", () => {
	it.each([
		["what is published once more is captured by no one who gives it back", { republish: { src: ">", dest: "out.>" } }],
		[
			"only messages that the other stream does not capture are published once more",
			{ republish: { src: "lab.>", dest: "away.>" } },
		],
	])("%s", (_name, config) => {
		const raw = foreign("raw", "eu", { subjects: ["lab.>"], ...config });
		const copy = foreign("copy", "us", { subjects: ["out.>"] });
		expect(evaluate(added(raw, copy), policyConfig(), [streamsFormNoCycle])).toEqual([]);
	});

	it("the same name behind an import of another account is another stream", () => {
		const other = foreign("orders", "eu", {
			mirror: { name: "orders", external: { api: "JS.partner.API", deliver: "partner" } },
		});
		expect(evaluate(added(other), policyConfig(), [streamsFormNoCycle])).toEqual([]);
	});
});

describe("any graph", () => {
	const DOMAINS = ["d0", "d1", "d2"];
	const node = fc.integer({ min: 0, max: 7 });
	const link = fc.record({ from: node, to: node, via: fc.constantFrom("source", "republish") });

	/** Reachability by closure: slow, and plain enough to be believed. */
	function hasCycle(links: readonly { from: number; to: number }[]): boolean {
		const reached = new Set(links.map(({ from, to }) => `${from}→${to}`));
		const nodes = Array.from({ length: 8 }, (_, i) => i);
		for (const via of nodes)
			for (const from of nodes)
				for (const to of nodes)
					if (reached.has(`${from}→${via}`) && reached.has(`${via}→${to}`)) reached.add(`${from}→${to}`);
		return nodes.some((each) => reached.has(`${each}→${each}`));
	}

	/** Each stream in one of three domains; what it publishes once more goes to subjects that others capture. */
	function design(links: readonly { from: number; to: number; via: string }[]): Design {
		const domain = (i: number) => DOMAINS[i % 3] ?? "";
		const streams = Array.from({ length: 8 }, (_, i): DesignStream => {
			const sources = links.filter(({ to, via }) => to === i && via === "source");
			const out = links.find(({ from, via }) => from === i && via === "republish");
			return foreign(`s${i}`, domain(i), {
				subjects: [`in.${i}.>`],
				sources: sources.map(({ from }) => source(`s${from}`, domain(from))),
				...(out !== undefined && { republish: { src: "in.*.>", dest: `in.${out.to}.>` } }),
			});
		});
		return { ...compliantDesign(), streams };
	}

	it("is refused exactly when some message can come back", () => {
		fc.assert(
			fc.property(fc.array(link, { maxLength: 12 }), (all) => {
				// A stream has one republish.
				const links = all.filter(
					(each, i) =>
						each.via === "source" || all.findIndex(({ from, via }) => via === "republish" && from === each.from) === i,
				);
				const found = evaluate(design(links), policyConfig(), [streamsFormNoCycle]);
				expect(found.length > 0).toBe(hasCycle(links));
				const nodes = found.flatMap(({ message }) => [...new Set(message.match(/d\d\/s\d/g) ?? [])]);
				expect(new Set(nodes).size, "cycles that are reported have no stream in common").toBe(nodes.length);
			}),
			{ numRuns: 1000 },
		);
	});
});
