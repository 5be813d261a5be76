import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { renderFirewall } from "../../../render/node/firewall";

/** Rules of the input chain that let something in. */
function accepted(rules: string): string[] {
	const input = /chain input \{([^}]*(?:\{[^}]*\}[^}]*)*)\n\t\}/.exec(rules)?.[1] ?? "";
	return input
		.split("\n")
		.map((line) => line.trim())
		.filter((line) => line.includes(" accept"));
}

const ports = (rules: string) => accepted(rules).filter((line) => line.includes("tcp dport"));

const nft = spawnSync("unshare", ["-n", "nft", "list", "ruleset"]).status === 0;

describe("the firewall", () => {
	it("lets in the leaf port from anywhere, and for a lone node nothing else", () => {
		const rules = renderFirewall({ peers: [] });
		expect(rules).toContain("hook input priority filter; policy drop;");
		expect(ports(rules)).toEqual([`tcp dport 7422 accept comment "leaf nodes"`]);
	});

	it("lets in routes from the other nodes only, and readers from named networks only", () => {
		const rules = renderFirewall({ peers: ["10.0.1.10", "10.0.2.10"], readers: ["10.0.0.0/16", "2001:db8::/64"] });
		expect(ports(rules)).toEqual([
			`tcp dport 7422 accept comment "leaf nodes"`,
			`ip saddr 10.0.1.10 tcp dport 6222 accept comment "routes"`,
			`ip saddr 10.0.2.10 tcp dport 6222 accept comment "routes"`,
			`ip saddr 10.0.0.0/16 tcp dport 4222 accept comment "readers"`,
			`ip6 saddr 2001:db8::/64 tcp dport 4222 accept comment "readers"`,
		]);
	});

	it("never lets in SSH or the monitoring", () => {
		expect(renderFirewall({ peers: ["10.0.1.10"], readers: ["10.0.0.0/16"] })).not.toMatch(/\b(22|8222|ssh)\b/);
	});

	it("keeps the machine's credentials from all but root", () => {
		expect(renderFirewall({ peers: [] })).toContain("ip daddr 169.254.169.254 meta skuid != 0 reject");
	});

	it.each([
		{ peers: ["10.0.0.0/8"] },
		{ peers: ["10.0.0.1 accept"] },
		{ peers: [], readers: ["10.0.0.1"] },
		{ peers: [], readers: ["10.0.0.0/33"] },
		{ peers: [], readers: ["sg-0123"] },
		{ peers: [], leafPort: 0 },
	])("refuses %o", (options) => {
		expect(() => renderFirewall(options)).toThrow(RangeError);
	});

	it.skipIf(!nft)(`is taken by nft, and taken again${nft ? "" : " (skipped: not root, or no nft)"}`, () => {
		const rules = renderFirewall({ peers: ["10.0.1.10", "fd00::1"], readers: ["10.0.0.0/16", "10.0.8.0/24"] });
		// The account of the server is the node script's work.
		const file = rules.replace("skuid nats", "skuid 999");
		const { status, stderr } = spawnSync(
			"unshare",
			["-n", "sh", "-c", 'echo "$1" | nft -f - && echo "$1" | nft -f -', "sh", file],
			{
				encoding: "utf8",
			},
		);
		expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
	});
});
