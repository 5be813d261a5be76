import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { NODE, parameterPath, REQUIRED_PARAMETERS } from "../../../render/node/files";
import { renderReport } from "../../../render/node/report";
import { renderApplyDocument, renderNodeScript, renderUserData, USER_DATA_BYTES } from "../../../render/node/script";

const userData = renderUserData({ region: "ap-southeast-2", path: parameterPath("a-rather-long-name-of-a-stack", 2) });

interface Document {
	readonly schemaVersion: string;
	readonly parameters: Readonly<Record<string, { default: string; allowedValues?: string[]; allowedPattern?: string }>>;
	readonly mainSteps: readonly {
		readonly action: string;
		readonly inputs: { readonly runCommand: readonly string[] };
	}[];
}

const document = JSON.parse(renderApplyDocument()) as Document;
const applied = document.mainSteps[0]?.inputs.runCommand.join("\n") ?? "";

const shells = ["dash", "bash"].filter((shell) => spawnSync(shell, ["-c", "true"]).status === 0);

describe("user-data", () => {
	it("fits into what EC2 takes, with room to spare", () => {
		expect(Buffer.byteLength(userData)).toBeLessThan(USER_DATA_BYTES - 256);
	});

	it("is plain ASCII and begins as a shell script", () => {
		expect(userData).toMatch(/^#!\/bin\/sh\n[\t\n\x20-\x7e]*$/);
	});

	it("says where the parameters are, and nothing else of the node", () => {
		expect(userData).toContain("REGION=ap-southeast-2\nPARAMETERS=/leafline/a-rather-long-name-of-a-stack/hub/3\n");
		expect(userData).not.toMatch(/BEGIN|PRIVATE|eyJ|\bS[A-Z2-7]{20}/);
		expect(renderNodeScript()).not.toContain("a-rather-long-name-of-a-stack");
	});

	it("carries the node script unchanged", () => {
		expect(userData).toContain(`<< 'LEAFLINE_NODE'\n${renderNodeScript()}LEAFLINE_NODE\n`);
		expect(renderNodeScript()).not.toContain("LEAFLINE_NODE");
	});

	it.each([
		{ region: "eu-central-1; reboot", path: "/leafline/prod/hub/1" },
		{ region: "", path: "/leafline/prod/hub/1" },
		{ region: "eu-central-1", path: "/leafline/$(reboot)/hub/1" },
		{ region: "eu-central-1", path: "leafline" },
	])("refuses what could not stand in a script: %o", (options) => {
		expect(() => renderUserData(options)).toThrow(RangeError);
	});
});

describe.skipIf(shells.length === 0)(
	`the scripts${shells.length === 0 ? " (skipped: neither dash nor bash)" : ""}`,
	() => {
		const scripts = { userData, applied, node: renderNodeScript(), report: renderReport() };
		it.each(
			shells.flatMap((shell) => Object.keys(scripts).map((name) => [shell, name as keyof typeof scripts] as const)),
		)("%s reads %s", (shell, name) => {
			const { status, stderr } = spawnSync(shell, ["-n"], { input: scripts[name], encoding: "utf8" });
			expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
		});
	},
);

describe("the node script", () => {
	it("asks for all that it needs, and gives no secret to a command", () => {
		const script = renderNodeScript();
		for (const name of REQUIRED_PARAMETERS) expect(script).toContain(name);
		expect(script).not.toContain("leaf.key)");
		expect(script.match(/umask 077/g)).toHaveLength(1);
	});

	it("has no endpoint and no path of a test in it", () => {
		expect(userData).not.toMatch(/endpoint|http:\/\/(?!127\.0\.0\.1:8222)|\/host\//);
	});
});

describe("the apply document", () => {
	it("is the same each time, and small enough", () => {
		expect(renderApplyDocument()).toBe(renderApplyDocument());
		expect(Buffer.byteLength(renderApplyDocument())).toBeLessThan(65_536);
	});

	it("is a Command document with two optional parameters", () => {
		expect(document.schemaVersion).toBe("2.2");
		expect(document.mainSteps.map(({ action }) => action)).toEqual(["aws:runShellScript"]);
		expect(Object.keys(document.parameters)).toEqual(["Generation", "Force"]);
		expect(document.parameters.Generation).toMatchObject({ default: "", allowedPattern: "^([0-9a-f]{64})?$" });
		expect(document.parameters.Force).toMatchObject({ default: "0", allowedValues: ["0", "1"] });
	});

	it("lets Systems Manager replace these two and nothing else", () => {
		expect(applied.match(/\{\{.*?\}\}/g)).toEqual(["{{ Generation }}", "{{ Force }}"]);
		expect(applied.match(/\{\{/g)).toHaveLength(2);
	});

	it("has nothing but its own parameters in what Systems Manager fills in", () => {
		expect(applied.match(/\{\{[^}]*\}?/g)).toEqual(["{{ Generation }", "{{ Force }"]);
	});

	it("brings the script of the user-data, and runs it", () => {
		expect(applied).toContain(renderNodeScript());
		expect(applied.split("\n").at(-1)).toBe(
			`GENERATION='{{ Generation }}' FORCE='{{ Force }}' exec ${NODE.script} apply`,
		);
	});
});

describe("the report", () => {
	it("fits into an advanced parameter, and holds nothing that Systems Manager would replace", () => {
		expect(Buffer.byteLength(renderReport())).toBeLessThan(8192);
		expect(renderReport()).not.toContain("{{");
	});
});
