import { posix } from "node:path";
import { show } from "./words";

/**
 * What is wrong with a folder of JetStream's, undefined if nothing is: it stands in configurations, units and scripts,
 * so it is written in one way, and leads nowhere else.
 *
 * @param absolute whether it must not depend on the folder that a program was started in
 */
export function folderProblem(
	text: string,
	{ absolute, example }: { absolute: boolean; example: string },
): { message: string; remedy: string } | undefined {
	const what = absolute ? "an absolute path" : "a path";
	if ((absolute && !text.startsWith("/")) || !/^[\w./+@=,:-]+$/.test(text)) {
		return { message: `${show(text)} is not ${what}`, remedy: `write for example ${example}` };
	}
	if (text.split("/").includes("..")) {
		return {
			message: `${show(text)} leads elsewhere, to ${posix.normalize(text)}`,
			remedy: `write for example ${example}`,
		};
	}
	const normal = posix.normalize(text).replace(/(.)\/$/, "$1");
	if (normal === "/" || normal === ".") {
		return { message: `${show(text)} is no folder of its own`, remedy: `write for example ${example}` };
	}
	if (normal !== text) return { message: `${show(text)} is another way to write ${normal}`, remedy: `write ${normal}` };
	return undefined;
}
