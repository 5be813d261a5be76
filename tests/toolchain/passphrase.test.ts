import { expect, it } from "vitest";
import { load } from "./support";

const { opens } = load("../../toolchain/passphrase.js") as {
	opens(settings: string, passphrase: string): boolean | undefined;
};

/** As the engine has written it, for the passphrase `end to end`. */
const SALT = "v1:jO5zB7S5cVQ=:v1:jIGqDRZ3Hl34+VGl:AgfllxcPptfvutibsF7uTXSxjCsxPg==";

it("knows the passphrase that opens a stack, and takes no other for it", () => {
	const settings = `encryptionsalt: ${SALT}\nconfig: {}\n`;
	expect(opens(settings, "end to end")).toBe(true);
	expect(opens(settings, "end to End")).toBe(false);
	expect(opens(settings.replace("AgfllxcP", "AgfllxcQ"), "end to end")).toBe(false);
});

it("says nothing of stacks that are locked in another way", () => {
	expect(opens("secretsprovider: awskms://alias/x\n", "end to end")).toBeUndefined();
	expect(opens("encryptionsalt: v2:x:y\n", "end to end")).toBeUndefined();
});
