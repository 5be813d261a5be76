import { spawnSync } from "node:child_process";
import {
	chmodSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";

/** `leafline iam`, the program itself, in a project of its own. */

const MAIN = resolve("bin/cli/main.js");
const folder = mkdtempSync(join(tmpdir(), "leafline-iam-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const settings = (more = "", top = "") =>
	`${top}config:\n  aws:region: eu-central-1\n  leafline:hub:\n    kind: aws\n    nodes: 3\n    aws: { ${more} }\n`;

beforeEach(() => {
	rmSync(join(folder, "iam"), { recursive: true, force: true });
	writeFileSync(join(folder, "Pulumi.yaml"), "name: fleet\nruntime: nodejs\n");
	writeFileSync(join(folder, "Pulumi.prod.yaml"), settings());
});

function iam(args: readonly string[], env: Record<string, string> = {}) {
	const { PULUMI_BACKEND_URL, ...rest } = process.env;
	const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, "iam", ...args], {
		cwd: folder,
		env: { ...rest, ...env },
		encoding: "utf8",
	});
	return { code: status, stdout, stderr };
}

const PROD = ["--stack", "prod", "--account", "123456789012", "--repository", "acme/fleet"];
const files = (stack = "prod") => readdirSync(join(folder, "iam", stack)).sort();
const text = (name: string) => readFileSync(join(folder, "iam", "prod", name), "utf8");

describe("the files", () => {
	it("are policies, trust and a script, with nothing left to fill in", () => {
		const { code, stdout } = iam([...PROD, "--backend", "s3://acme-pulumi-state"]);
		expect(code).toBe(0);
		expect(files()).toEqual(
			expect.arrayContaining([
				"boundary.json",
				"leafline-prod-deploy-trust.json",
				"leafline-prod-preview.json",
				"make.sh",
			]),
		);
		expect(stdout).toContain("deploy   arn:aws:iam::123456789012:role/leafline-prod-deploy\n");
		for (const name of files().filter((file) => file.endsWith(".json"))) {
			expect(JSON.parse(text(name)).Version).toBe("2012-10-17");
			expect(text(name)).not.toMatch(/\b(ACCOUNT|REGION|ENVIRONMENT|OWNER|REPOSITORY|ZONE|STATE_\w+)\b|GITHUB/);
		}
	});

	it("trust the environments of this stack: no other name has got into theirs", () => {
		iam(PROD);
		const subject = (role: string) =>
			JSON.parse(text(`leafline-prod-${role}-trust.json`)).Statement[0].Condition.StringEquals[
				"token.actions.githubusercontent.com:sub"
			];
		expect(subject("deploy")).toBe("repo:acme/fleet:environment:prod");
		expect(subject("preview")).toBe("repo:acme/fleet:environment:prod-preview");
		iam([...PROD, "--github-environment", "production", "--preview-environment", "look"]);
		expect([subject("deploy"), subject("preview")]).toEqual([
			"repo:acme/fleet:environment:production",
			"repo:acme/fleet:environment:look",
		]);
	});

	it("follow the settings: region, account of the boundary, key of the secrets, state", () => {
		const boundary = "arn:aws:iam::210987654321:policy/leafline/prod/boundary";
		const provider = 'secretsprovider: "awskms://alias/leafline-prod-state?region=eu-central-1"\n';
		writeFileSync(join(folder, "Pulumi.prod.yaml"), settings(`permissionsBoundary: "${boundary}"`, provider));
		writeFileSync(
			join(folder, "Pulumi.yaml"),
			"name: fleet\nruntime: nodejs\nbackend: { url: 's3://states/a/b?region=x' }\n",
		);
		const { code, stderr } = iam(["--stack", "prod", "--repository", "acme/fleet", "--repository-ids", "1/2"]);
		expect([code, stderr]).toEqual([0, ""]);
		const deploy = files()
			.filter((name) => /deploy-\d/.test(name))
			.map(text)
			.join("");
		expect(deploy).toContain("arn:aws:ec2:eu-central-1:210987654321:instance/*");
		expect(deploy).toContain("arn:aws:s3:::states/a/b/.pulumi/stacks/fleet/prod.json");
		expect(deploy).toContain('"kms:ResourceAliases": "alias/leafline-prod-state"');
		expect(deploy).toContain(boundary);
	});

	it("take parts away that are no longer needed, and nothing else", () => {
		mkdirSync(join(folder, "iam", "prod"), { recursive: true });
		writeFileSync(join(folder, "iam/prod/leafline-prod-deploy-9.json"), "{}");
		writeFileSync(join(folder, "iam/prod/notes.md"), "mine");
		iam(PROD);
		expect(files()).not.toContain("leafline-prod-deploy-9.json");
		expect(files()).toContain("notes.md");
	});

	it("are one object on demand, of the roles that are wanted", () => {
		const { stdout } = iam([...PROD, "--json", "--role", "preview"]);
		const { boundary, roles } = JSON.parse(stdout);
		expect([boundary.path, boundary.name]).toEqual(["/leafline/prod/", "boundary"]);
		expect(roles.map(({ name }: { name: string }) => name)).toEqual(["leafline-prod-preview"]);
		expect(existsSync(join(folder, "iam"))).toBe(false);
	});

	it("are for people where nobody names a repository", () => {
		const { code } = iam([
			"--stack",
			"prod",
			"--account",
			"123456789012",
			"--operator",
			"arn:aws:iam::123456789012:role/ops",
		]);
		expect(code).toBe(0);
		expect(JSON.parse(text("leafline-prod-deploy-trust.json")).Statement[0].Principal).toEqual({
			AWS: ["arn:aws:iam::123456789012:role/ops"],
		});
	});
});

describe("what is missing or wrong", () => {
	it.each<[string, string[], string]>([
		["no account", ["--stack", "prod", "--repository", "a/b"], "--account is missing"],
		[
			"an account of 11 digits",
			[...PROD, "--account", "12345678901"],
			"--account 12345678901: is not of the right form",
		],
		[
			"nobody to trust",
			["--stack", "prod", "--account", "123456789012"],
			"--repository is missing: who may preview and deploy?",
		],
		["a repository without owner", [...PROD, "--repository", "fleet"], "write for example --repository acme/fleet"],
		[
			"an unknown role",
			[...PROD, "--role", "admin"],
			"--role admin: there is no such role; write preview, deploy, operate",
		],
		["no bucket", [...PROD, "--backend", "https://x"], "--backend https://x: is no bucket of S3"],
		[
			"a bucket that deployments may delete",
			[...PROD, "--backend", "s3://leafline-prod--state"],
			"leafline-prod--state is named as the stacks' own buckets are",
		],
		[
			"a subject of every environment",
			[...PROD, "--subject", "repo:acme/fleet:ref:refs/heads/main"],
			"write {environment}",
		],
		[
			"a subject with a wildcard",
			[...PROD, "--subject", "repo:acme/*:{environment}"],
			"wildcards are compared as they stand",
		],
		[
			"numbers without a repository",
			["--stack", "prod", "--account", "123456789012", "--repository-ids", "1/2"],
			"is about a repository",
		],
		["no such stack", ["--stack", "nowhere"], "there is no stack nowhere"],
		["an unknown option", [...PROD, "--acount", "1"], "unknown option '--acount'"],
	])("%s is one sentence, and writes nothing", (_, args, message) => {
		const { code, stdout, stderr } = iam(args);
		expect([code, stdout]).toEqual([2, ""]);
		expect(stderr).toContain(message);
		expect(stderr.match(/^(leafline|error): /gm)?.length).toBe(1);
		expect(existsSync(join(folder, "iam"))).toBe(false);
	});

	it("a hub that is not on AWS needs none", () => {
		writeFileSync(join(folder, "Pulumi.local.yaml"), "config:\n  leafline:hub: { kind: local }\n");
		expect(iam(["--stack", "local"]).stderr).toBe(
			"leafline: the hub of local is not on AWS: it needs no roles there\n",
		);
	});

	it("settings that are refused are shown with their place", () => {
		writeFileSync(join(folder, "Pulumi.prod.yaml"), settings("storage: tape"));
		const { code, stderr } = iam(PROD);
		expect(code).toBe(2);
		expect(stderr).toMatch(/Pulumi\.prod\.yaml:6:\d+ +leafline:hub\.aws\.storage: /);
	});

	it("an account that is not the boundary's is noticed", () => {
		writeFileSync(
			join(folder, "Pulumi.prod.yaml"),
			settings('permissionsBoundary: "arn:aws:iam::210987654321:policy/leafline/prod/boundary"'),
		);
		expect(iam(PROD).stderr).toContain("permissionsBoundary is in the account 210987654321; one of them is wrong");
	});

	it("a boundary that is not named, or another one, is said, with the command", () => {
		expect(iam(PROD).stderr).toContain(
			"config set -s prod --path leafline:hub.aws.permissionsBoundary arn:aws:iam::123456789012:policy/leafline/prod/boundary",
		);
		writeFileSync(
			join(folder, "Pulumi.prod.yaml"),
			settings('permissionsBoundary: "arn:aws:iam::123456789012:policy/leafline/boundary"'),
		);
		expect(iam(PROD).stderr).toContain("the settings name another boundary");
	});
});

describe("the script", () => {
	/** An `aws` that notes what it is asked, and knows what was made. */
	const AWS = `#!/bin/sh
echo "$*" >> "$LOG"
case "$*" in
	*get-caller-identity*) echo "\${ACCOUNT:-123456789012}" ;;
	*get-policy\\ *|*get-role\\ *|*get-open-id*) [ "$THERE" = yes ] ;;
	*length*) echo 5 ;;
	*sort_by*) echo v3 ;;
	*list-attached*) echo "arn:aws:iam::123456789012:policy/leafline-prod-preview arn:aws:iam::123456789012:policy/old" ;;
esac
`;
	function run(env: Record<string, string>) {
		const log = join(folder, "log");
		rmSync(log, { force: true });
		mkdirSync(join(folder, "path"), { recursive: true });
		writeFileSync(join(folder, "path", "aws"), AWS);
		chmodSync(join(folder, "path", "aws"), 0o755);
		iam([...PROD, "--role", "preview"]);
		const PATH = `${join(folder, "path")}:${process.env.PATH}`;
		const { status, stderr } = spawnSync("sh", [join(folder, "iam", "prod", "make.sh")], {
			env: { PATH, LOG: log, THERE: "no", ...env },
			encoding: "utf8",
		});
		return { code: status, stderr, calls: readFileSync(log, "utf8").trim().split("\n") };
	}
	const changes = (calls: string[]) =>
		calls.filter((line) => !/ (get|list)-/.test(line)).map((line) => line.split(" ")[1]);

	it("makes the boundary, the provider of tokens, policies and roles", () => {
		const { code, calls } = run({});
		expect(code).toBe(0);
		expect(changes(calls)).toEqual([
			...["create-policy", "create-open-id-connect-provider", "create-policy", "create-role", "attach-role-policy"],
			"detach-role-policy",
		]);
		expect(calls).toContain(
			"iam create-policy --path /leafline/prod/ --policy-name boundary --policy-document file://boundary.json",
		);
	});

	it("brings what is there to what the files say", () => {
		const { code, calls } = run({ THERE: "yes" });
		expect(code).toBe(0);
		expect(changes(calls)).toEqual([
			...["delete-policy-version", "create-policy-version", "delete-policy-version", "create-policy-version"],
			...["update-assume-role-policy", "attach-role-policy", "detach-role-policy"],
		]);
		expect(calls.at(-1)).toBe(
			"iam detach-role-policy --role-name leafline-prod-preview --policy-arn arn:aws:iam::123456789012:policy/old",
		);
	});

	it("touches no other account", () => {
		const { code, stderr, calls } = run({ ACCOUNT: "210987654321" });
		expect([code, calls.length]).toEqual([1, 1]);
		expect(stderr).toContain("these are credentials for the account 210987654321");
	});
});
