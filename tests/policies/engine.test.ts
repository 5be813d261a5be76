import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SMALL_FLEET } from "../support/fleets";
import { type Judged, makePolicyProgram, PACK, type PolicyProgram } from "../support/policy-program";
import { makeProject } from "../support/project";

/** What the engine says when a rule trips over something: it then counts as passed. */
const COULD_NOT_RUN = "can't run policy";

describe("the pack through the real engine", () => {
	let program: PolicyProgram;

	beforeAll(async () => {
		program = await makePolicyProgram();
	});

	afterAll(() => {
		program?.close();
	});

	const refused = ({ code, text, created }: Judged, rule: string, ...messages: string[]) => {
		expect(code, text).not.toBe(0);
		expect(text).toContain(`[mandatory]  ${rule} `);
		for (const message of messages) expect(text).toContain(message);
		expect(text).not.toContain(COULD_NOT_RUN);
		expect(created).toEqual([]);
	};

	test("refuses a WorkQueue stream on a device that the hub sources", async () => {
		const judged = await program.judge(
			"up",
			`stream("edge1", "edge1_can", { subjects: ["edge1.can.>"], retention: "workqueue" });
			stream("hub", "hub_can", { sources: [from("edge1", "edge1_can")], duplicateWindow: 0, maxAge: 3600 });`,
		);
		refused(judged, "stream-retention-is-limits", "edge1_can has retention workqueue", "Set retention to limits");
	});

	test("refuses two streams that source each other", async () => {
		const judged = await program.judge(
			"up",
			`stream("a", "A", { sources: [from("b", "B")] });
			stream("b", "B", { sources: [from("a", "A")] });`,
		);
		refused(judged, "streams-form-no-cycle", "a/A", "b/B");
	});

	test("refuses a cycle of four over three domains", async () => {
		const judged = await program.judge(
			"up",
			`stream("a", "one", { sources: [from("c", "four")] });
			stream("b", "two", { sources: [from("a", "one")] });
			stream("b", "three", { sources: [{ name: "two", startSeq: 1 }] });
			stream("c", "four", { sources: [from("b", "three")] });`,
		);
		refused(judged, "streams-form-no-cycle", "a/one", "b/two", "b/three", "c/four");
	});

	test("refuses port 4222, inline and as a resource of its own, for IPv6 as well", async () => {
		const judged = await program.judge(
			"up",
			`const group = make("aws:ec2/securityGroup:SecurityGroup", "inline", {
				ingress: [{ protocol: "tcp", fromPort: 4222, toPort: 4222, cidrBlocks: ["0.0.0.0/0"] }],
			});
			make("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "separate", {
				securityGroupId: group.id, ipProtocol: "tcp", fromPort: 4000, toPort: 5000, cidrIpv6: "::/0",
			});`,
		);
		refused(judged, "hub-ingress-is-leaf-port-only", "inline lets 0.0.0.0/0 reach 4222/tcp");
		refused(judged, "hub-ingress-is-leaf-port-only", "separate lets ::/0 reach 4000-5000/tcp");
	});

	test("says what it cannot know yet, still refuses what it knows, and shows no secret", async () => {
		const { code, text } = await program.judge(
			"preview",
			`const group = make("aws:ec2/securityGroup:SecurityGroup", "group", {});
			make("aws:ec2/securityGroup:SecurityGroup", "later", {
				ingress: [{ protocol: "tcp", fromPort: 4222, toPort: 4222, cidrBlocks: [group.id] }],
			});
			make("aws:ec2/instance:Instance", "server", {
				ami: group.id, userData: pulumi.secret("password: hunter2"), rootBlockDevice: group.id,
				metadataOptions: { httpTokens: "required" },
			});
			stream("edge1", "known", { subjects: ["known.>"], retention: group.id });
			stream("hub", "hub_known", { sources: [from("edge1", "known")], subjects: [group.id] });
			stream("hub", "unbounded", { maxBytes: -1, subjects: ["unbounded"] });`,
		);
		expect(code, text).not.toBe(0);
		expect(text).toContain("not known until deployed: who is let in by later");
		expect(text).toContain("not known until deployed: retention of known");
		expect(text).toContain("[mandatory]  stream-has-max-bytes ");
		expect(text).not.toContain(COULD_NOT_RUN);
		expect(text).not.toContain("hunter2");
	});

	test("takes its settings from the pack's configuration", async () => {
		const source = `make("aws:ec2/securityGroup:SecurityGroup", "web", {
			ingress: [{ protocol: "tcp", fromPort: 443, toPort: 443, cidrBlocks: ["0.0.0.0/0"] }],
		});
		make("aws:ec2/securityGroup:SecurityGroup", "nats", {
			ingress: [{ protocol: "tcp", fromPort: 4222, toPort: 4222, cidrBlocks: ["0.0.0.0/0"] }],
		});`;
		const exempt = (expires: string) => ({
			leafline: {
				allowedPorts: [443],
				exemptions: [{ resource: "nats", rule: "hub-ingress-is-leaf-port-only", reason: "until the move", expires }],
			},
		});
		const expired = await program.judge("preview", source, exempt("2020-01-31"));
		refused(expired, "exemption-expired", "nats lets 0.0.0.0/0 reach 4222/tcp");
		expect(expired.text).not.toContain("web lets");
		const holding = await program.judge("up", source, exempt("2999-12-31"));
		expect(holding.code, holding.text).toBe(0);
		expect(holding.created.map((urn) => urn.split("::").at(-1)).sort()).toEqual(["nats", "web"]);
	});
});

test("the local stack complies, before it exists and while it is made", async () => {
	const project = await makeProject(SMALL_FLEET);
	try {
		for (const command of [["preview"], ["up", "--yes", "--skip-preview"]]) {
			const { code, text } = await project.pulumi(...command, "--policy-pack", PACK);
			expect(code, text).toBe(0);
			expect(text).toContain("leafline@v");
			expect(text).not.toMatch(/\[(mandatory|advisory)\]/);
			expect(text).not.toContain(COULD_NOT_RUN);
		}
		await project.pulumi("destroy", "--yes", "--skip-preview");
	} finally {
		await project.close();
	}
}, 120_000);
