import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toComment } from "../../cli/review/comment";
import { readEvent } from "../../cli/review/events";
import { reviewOf } from "../../cli/review/review";
import { rules } from "../../policies/rules";
import { hubRules } from "../../policies/rules/hub";
import { type AwsProject, makeAwsProject } from "../support/aws/project";
import { SMALL_FLEET } from "../support/fleets";
import { PACK } from "../support/policy-program";
import type { Finished } from "../support/project";
import { awsTopology } from "./deploy";
import { type Mutation, mutate, nodeConf } from "./mutations";

/** What the engine says when a rule trips over something: it then counts as passed. */
const COULD_NOT_RUN = "can't run policy";
const TIB = 1024 ** 4;
const READER = "sg-0123456789abcdef0";

const projects: AwsProject[] = [];
afterAll(async () => {
	for (const project of projects) await project.close();
});

type Options = Parameters<typeof makeAwsProject>[0];

interface How {
	readonly mutations?: readonly Mutation[];
	readonly command?: readonly string[];
	readonly env?: NodeJS.ProcessEnv;
}

async function judge(options: Options, { mutations, command = ["preview"], env = {} }: How = {}): Promise<Finished> {
	const project = await makeAwsProject(options);
	projects.push(project);
	if (mutations) mutate(project.dir, mutations);
	const finished = await project.pulumiWith({ within: 300_000, env }, ...command, "--policy-pack", PACK);
	expect(finished.text).not.toContain(COULD_NOT_RUN);
	expect(project.world().things).toEqual({});
	return finished;
}

test.each(["prod", "staging"])(
	"%s of this repository complies before anything of it exists",
	async (stack) => {
		const { code, text } = await judge({ stack });
		expect(code, text).toBe(0);
		expect(text).not.toContain("[mandatory]");
		// What is advised is to look again when it is known.
		const advised = text.split("\n").filter((line) => line.includes("[advisory]"));
		expect(text.split("not known until deployed: ").length - 1).toBe(advised.length);
	},
	320_000,
);

test("dev of this repository complies as the workflow reviews it, and its comment holds no secret", async () => {
	const env = { PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "1" };
	const { code, stdout, stderr } = await judge({ stack: "dev" }, { command: ["preview", "--json"], env });
	expect(code, stderr).toBe(0);
	const events = stdout.split("\n").map(readEvent);
	const review = reviewOf(
		events.filter((event) => event !== undefined),
		rules,
		"dev",
	);
	expect(review).toMatchObject({ good: true, notRun: [], errors: [] });
	const comment = toComment(review);
	expect(comment).toContain("### leafline · `dev` · ✅ complies");
	expect(comment).toContain("+ hub-1-leaf.key  (aws:ssm/parameter:Parameter)");
	// Before the first deployment, and all of it in one place.
	expect(comment).toMatch(/<summary>⚪ not known until deployed: \d+ findings<\/summary>/);
	expect(comment).not.toContain("advisory");
	expect(comment).not.toMatch(/S[ACNOPUX][A-Z2-7]{40,}|PRIVATE KEY|BEGIN NATS|eyJ[A-Za-z0-9_-]{10}/);
}, 320_000);

/** Prod with a small fleet, which the rules of the hub do not look at, and with readers. */
const PROD = {
	stack: "prod",
	fleet: SMALL_FLEET,
	settings: { "leafline:hub": { kind: "aws", nodes: 3, file: "1TiB", aws: { readers: [READER] } } },
};
const topology = awsTopology({ nodes: 3, file: "1TiB", aws: { readers: [READER] } });

const set = (type: string, name: string, props: object): Mutation => {
	return { type, name, change: `Object.assign(props, ${JSON.stringify(props)});` };
};
const parameter = (name: string, insecureValue: string) => set("Parameter", `hub-${name}`, { insecureValue });
const conf = (node: number, change: Parameters<typeof nodeConf>[0]["change"] = {}) =>
	parameter(`${node}-hub.conf`, nodeConf({ topology, node, change }));
const release = (node: number, version: string) =>
	parameter(`${node}-release`, `version=${version}\nurl=s3://b/k\nsha256=${"0".repeat(64)}\n`);

test("readers come by TLS from a group that is named, and versions and configurations that are known comply", async () => {
	const known = [1, 2, 3].flatMap((node) => [conf(node), release(node, "2.15.2+leafline.4")]);
	const { code, text } = await judge(PROD, { mutations: known });
	expect(code, text).toBe(0);
	expect(text).not.toContain("[mandatory]");
	expect(text.match(/not known until deployed: .*/g)).toEqual([
		expect.stringMatching(
			/^not known until deployed: whether there is a secret in the plain text of \S+ and of \d+ more$/,
		),
	]);
}, 320_000);

describe("prod with one thing changed by a transformation is refused", () => {
	/** By rule: what is changed, where it is reported, and the whole message. Some changes break two rules. */
	const CASES: Record<string, { change: readonly Mutation[]; at: string; message: string }> = {
		"hub-ingress-is-leaf-port-only": {
			change: [set("SecurityGroupIngressRule", "site-leaves", { toPort: 7423 })],
			at: "site-leaves",
			message: "site-leaves lets 0.0.0.0/0 reach 7422-7423/tcp: only 7422/tcp may be public",
		},
		"hub-has-no-ssh": {
			change: [set("SecurityGroupIngressRule", `site-reader-${READER}`, { fromPort: 20, toPort: 4222 })],
			at: `site-reader-${READER}`,
			message: `site-reader-${READER} lets group ${READER} reach port 22, which is SSH`,
		},
		"hub-instance-has-no-ssh-key": {
			change: [set("Instance", "hub-1", { keyName: "ops" })],
			at: "hub-1",
			message: "hub-1 carries the SSH key ops: who has its other half is root on it",
		},
		"hub-instance-requires-imdsv2": {
			change: [set("Instance", "hub-2", { metadataOptions: { httpTokens: "optional" } })],
			at: "hub-2",
			message: "hub-2 has httpTokens optional, so it answers IMDSv1: it must be required",
		},
		"user-data-holds-no-secret": {
			// An invented key of the form that AWS gives them.
			change: [set("Instance", "hub-3", { userData: `#!/bin/sh\nKEY=AKIA${"X".repeat(16)}\n` })],
			at: "hub-3",
			message: "the user-data of hub-3 holds an AWS access key in line 2",
		},
		"hub-ami-is-pinned": {
			change: [set("Instance", "hub-2", { ami: "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023" })],
			at: "hub-2",
			message: "hub-2 takes the newest AMI there is: the next release of it replaces the instance",
		},
		"hub-volume-is-encrypted": {
			change: [set("Volume", "hub-1", { encrypted: false })],
			at: "hub-1",
			message: "hub-1 is not encrypted, and cannot be later without being made anew",
		},
		"hub-volume-is-protected": {
			change: [{ type: "Volume", name: "hub-2", change: "opts.protect = false;" }],
			at: "hub-2",
			message: "hub-2 is not protected: a replacement or destroy deletes it with all its messages",
		},
		"secrets-are-secure-strings": {
			change: [
				{
					type: "Parameter",
					name: "hub-1-leaf.key",
					change: "props.insecureValue = props.value; delete props.value; props.type = 'String';",
				},
			],
			at: "hub-1-leaf.key",
			message: "hub-1-leaf.key is a secret, and its type is not SecureString: it is stored in plain text",
		},
		"listeners-are-not-public": {
			change: [conf(1, { http: "0.0.0.0:8222", LOGTIME: true, logtime: false })],
			at: "hub-1-hub.conf",
			message:
				"hub_1 listens for monitoring on every address of its machine, port 8222: only the leaf port may be public",
		},
		"clients-come-by-tls": {
			change: [conf(2, { tls: undefined, no_auth_user: "guest", jetstream: { max_file: 2 * TIB } })],
			at: "hub-2-hub.conf",
			message: "hub_2 listens for clients on 10.74.64.10, port 4222, without TLS: everyone on the way reads along",
		},
		"server-version-has-the-fixes": {
			// A hash, for a token in clear breaks another rule as well.
			change: [conf(3, { authorization: { token: `$2a$11$${"a".repeat(53)}` } }), release(3, "2.11.3+leafline.4")],
			at: "hub-3-hub.conf",
			message: "hub_3 runs nats-server 2.11.3+leafline.4, which is older than 2.15.0",
		},
		"hub-server-answers-only-its-sources": {
			// Its configuration is known by what clients-come-by-tls changes.
			change: [release(2, "2.15.2")],
			at: "hub-2-hub.conf",
			message: "hub_2 runs nats-server 2.15.2, without leafline's change: a device can have its streams deleted",
		},
		"instance-store-has-three-replicas": {
			change: [
				set("Instance", "hub-1", { instanceType: "m7gd.large" }),
				set("VolumeAttachment", "hub-1", { instanceId: "i-0123456789abcdef0" }),
				{ type: "Stream", name: "hub_sensor", change: "props.config = { ...props.config, num_replicas: 1 };" },
			],
			at: "hub-1",
			message: "hub-1 keeps messages on instance store with replicas 1: when it stops, they are lost; 3 are needed",
		},
		"hub-has-no-default-user": {
			change: [],
			at: "hub-2-hub.conf",
			message: "hub_2 has no_auth_user: it lets in whoever shows no credentials",
		},
		"server-configuration-is-readable": {
			change: [],
			at: "hub-1-hub.conf",
			message: "the configuration of hub_1 says two things with LOGTIME and logtime: the server takes either",
		},
		"max-file-fits-disk": {
			change: [],
			at: "hub-2-hub.conf",
			message: "hub_2 has max_file 2TiB, and its disk has 1.1TiB: the disk fills up and JetStream shuts down",
		},
		"server-uses-no-passwords": {
			change: [],
			at: "hub-3-hub.conf",
			message: "hub_3 has a password in authorization: whoever knows it is let in",
		},
	};
	let judged: Finished;
	beforeAll(async () => {
		const mutations = Object.values(CASES).flatMap(({ change }) => change);
		judged = await judge(PROD, { mutations, command: ["up", "--yes"] });
	}, 320_000);

	test("as a whole, and nothing of it is made", () => {
		expect(judged.code).not.toBe(0);
	});

	test("has a case for every rule of the hub", () => {
		expect(Object.keys(CASES)).toEqual(expect.arrayContaining(hubRules.map(({ name }) => name)));
	});

	test.each(Object.entries(CASES))("by %s", (name, { at, message }) => {
		expect(said(judged.text, name)).toEqual([`${at}: ${message}`]);
	});
});

/** Violations of a rule, each with the name of its resource. */
function said(text: string, rule: string): string[] {
	const found = text.matchAll(new RegExp(`\\[mandatory\\] +${rule} +\\(\\S+ (\\S+)\\)\\n +(.*)`, "g"));
	return [...found].map(([, at, message]) => `${at}: ${message}`);
}
