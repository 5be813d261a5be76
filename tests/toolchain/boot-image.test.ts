import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { load, temporary, write } from "./support";

const { debianMirror } = load("../../toolchain/boot/debian.js") as typeof import("../../toolchain/boot/debian.js");
const { obstacle } = load("../../toolchain/boot/needs.js") as typeof import("../../toolchain/boot/needs.js");
const { recipeKey } = load("../../toolchain/boot/recipe.js") as typeof import("../../toolchain/boot/recipe.js");

describe("the boot test's image", () => {
	let apt: string;
	beforeEach(() => {
		apt = temporary();
	});

	it.each([
		["one-line form", "deb [arch=amd64 signed-by=/x.gpg] https://mirror.example/debian bookworm main\n"],
		["newer form", "Types: deb\nURIs: https://mirror.example/debian/\nSuites: bookworm\n"],
	])("comes from the mirror that apt uses, %s", (_, text) => {
		write(
			join(apt, "sources.list.d", "a.sources"),
			`# deb http://old.example/debian x main\nURIs: http://other.example/ubuntu\n`,
		);
		write(join(apt, "sources.list.d", "b.list"), text);
		expect(debianMirror(apt)).toBe("https://mirror.example/debian");
	});

	it("comes from Debian itself where apt has no Debian mirror", () => {
		write(join(apt, "sources.list"), "deb http://archive.example/ubuntu noble main\n");
		expect(debianMirror(apt)).toBe("http://deb.debian.org/debian");
	});

	it("has a name that follows from its recipe", () => {
		expect(recipeKey()).toMatch(/^[0-9a-f]{16}$/);
		expect(recipeKey()).toBe(recipeKey());
	});

	it("is not made where something is missing, and what to do is said", () => {
		const reason = obstacle({ PATH: "/nowhere" }) ?? "";
		if (process.platform !== "linux" || process.arch !== "x64") expect(reason).toMatch(/Linux on amd64/);
		else if (process.getuid?.() !== 0) expect(reason).toMatch(/needs root/);
		else expect(reason).toMatch(/no qemu-system-x86_64, .*apt-get install qemu-system-x86 /);
	});
});
