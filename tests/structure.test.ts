import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, sep } from "node:path";
import { describe, expect, test } from "vitest";

/** Data flows one way (CONTRIBUTING.md): what each folder may import of the others and of npm. */
const MAY: Readonly<Record<string, readonly string[]>> = {
	config: ["netmask", "yaml", "zod"],
	topology: ["config"],
	render: ["config", "topology"],
	system: ["config"],
	jetstream: ["config", "nats", "topology", "zod"],
	control: ["config", "jetstream", "nats", "render", "system", "topology"],
	contract: ["config", "topology", "zod"],
};

/** Folders and packages that a text imports. */
function imports(text: string, file: string): string[] {
	const from = [...text.matchAll(/^(?:(?:import|export|\}).* from |import )"([^"]+)";$/gm)].map(([, it = ""]) => it);
	return from
		.filter((it) => !it.startsWith("node:"))
		.map((it) => (it.startsWith(".") ? (normalize(join(dirname(file), it)).split(sep)[0] ?? "") : it));
}

function sources(folder: string): string[] {
	const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
	return names.filter((name) => name.endsWith(".ts")).map((name) => join(folder, name));
}

describe("imports", () => {
	test.each(Object.keys(MAY))("of %s/", (folder) => {
		const files = sources(folder);
		expect(files.length).toBeGreaterThan(3);
		const stray = files.flatMap((file) =>
			imports(readFileSync(file, "utf8"), file)
				.filter((of) => of !== folder && !MAY[folder]?.includes(of))
				.map((of) => `${file}: ${of}`),
		);
		expect(stray).toEqual([]);
	});

	// What both need to reach a hub is below both.
	test("the command line has none of the provider's", () => {
		const stray = sources("cli").filter((file) => /from "[./]+components\/streams\//.test(readFileSync(file, "utf8")));
		expect(stray).toEqual([]);
	});

	test("are seen, whatever their form", () => {
		const text =
			'import { a } from "nats";\nimport {\n\tb,\n} from "../zod/c";\nimport "yaml";\nexport * from "./d";\n';
		expect(imports(text, "control/a.ts")).toEqual(["nats", "zod", "yaml", "control"]);
	});
});
