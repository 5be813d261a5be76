import { describe, expect, it } from "vitest";
import { intoPolicies, LIMITS, requireSize, sizeOf, toDocument } from "../../render/iam/document";
import type { Statement } from "../../render/iam/model";
import { partitionOf } from "../../render/iam/scope";
import { trustGitHub, trustPeople } from "../../render/iam/trust";

const statement = (sid: string, characters: number): Statement => ({
	sid,
	actions: ["s3:GetObject"],
	resources: [`arn:aws:s3:::${"x".repeat(characters)}`],
	reason: "",
});

describe("a policy", () => {
	it("is the text that AWS takes, whichever order its actions had", () => {
		const one: Statement = { sid: "A", actions: ["b:Y", "a:X"], resources: ["*"], reason: "not AWS's to know" };
		expect(JSON.parse(toDocument([one]))).toEqual({
			Version: "2012-10-17",
			Statement: [{ Sid: "A", Effect: "Allow", Action: ["a:X", "b:Y"], Resource: "*" }],
		});
	});

	it("is counted without white space, and spread over several where it is too large", () => {
		const all = ["A", "B", "C", "D"].map((sid) => statement(sid, 2_500));
		const parts = intoPolicies(all);
		expect(parts.flat()).toEqual(all);
		expect(parts.map((part) => part.length)).toEqual([2, 2]);
		for (const part of parts) expect(sizeOf(part)).toBeLessThanOrEqual(LIMITS.managed);
		expect(sizeOf(all)).toBe(JSON.stringify(JSON.parse(toDocument(all))).length);
	});

	it("is refused where one statement is too large, or a role would need too many", () => {
		expect(() => intoPolicies([statement("Large", 7_000)])).toThrow(
			/^the statement Large has 7\d{3} characters, and AWS takes 6144$/,
		);
		const many = Array.from({ length: 11 }, (_, index) => statement(`S${index}`, 4_000));
		expect(() => intoPolicies(many)).toThrow("needs 11 policies, and a role takes 10");
		expect(() => requireSize([statement("T", 2_048)], LIMITS.trust, "the trust policy")).toThrow(/AWS takes 2048$/);
	});
});

describe("trust in GitHub", () => {
	const place = { partition: "aws", account: "123456789012" };
	const of = (github: Parameters<typeof trustGitHub>[1], environment = "prod") =>
		JSON.parse(toDocument(trustGitHub(place, github, environment))).Statement[0];
	const issuer = "token.actions.githubusercontent.com";

	it("is one environment of one repository, to the letter", () => {
		expect(of({ repository: "Acme/fleet" })).toMatchObject({
			Principal: { Federated: `arn:aws:iam::123456789012:oidc-provider/${issuer}` },
			Action: "sts:AssumeRoleWithWebIdentity",
			Condition: {
				StringEquals: {
					[`${issuer}:aud`]: "sts.amazonaws.com",
					[`${issuer}:sub`]: "repo:Acme/fleet:environment:prod",
				},
			},
		});
	});

	it("knows the immutable subject, and holds the number where names are given away", () => {
		const { StringEquals } = of({ repository: "acme/fleet", ids: { owner: "123456", repository: "456789" } }).Condition;
		expect(StringEquals[`${issuer}:sub`]).toEqual([
			"repo:acme/fleet:environment:prod",
			"repo:acme@123456/fleet@456789:environment:prod",
		]);
		expect(StringEquals[`${issuer}:repository_id`]).toBe("456789");
	});

	it("writes a colon in an environment's name as GitHub does", () => {
		const { StringEquals } = of({ repository: "acme/fleet" }, "prod:eu").Condition;
		expect(StringEquals[`${issuer}:sub`]).toBe("repo:acme/fleet:environment:prod%3Aeu");
	});

	it("takes a subject that the repository has changed, and another issuer", () => {
		const subject =
			"repo:acme/fleet:environment:{environment}:job_workflow_ref:acme/ci/.github/workflows/up.yml@refs/heads/main";
		const { Principal, Condition } = of({ repository: "acme/fleet", subject, issuer: "token.actions.acme.ghe.com" });
		expect(Principal.Federated).toMatch(/oidc-provider\/token\.actions\.acme\.ghe\.com$/);
		expect(Condition.StringEquals["token.actions.acme.ghe.com:sub"]).toBe(subject.replace("{environment}", "prod"));
	});

	it("is refused where AWS would not take it for its size", () => {
		expect(() => of({ repository: "acme/fleet" }, "x".repeat(2_100))).toThrow(/the trust policy has \d+ characters/);
		const people = Array.from({ length: 60 }, (_, index) => `arn:aws:iam::123456789012:role/operator-${index}`);
		expect(() => trustPeople(people)).toThrow(/AWS takes 2048$/);
	});
});

it("partitions follow from the region", () => {
	expect(["eu-central-1", "cn-north-1", "us-gov-west-1"].map(partitionOf)).toEqual(["aws", "aws-cn", "aws-us-gov"]);
});
