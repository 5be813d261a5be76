/**
 * Shell text that reads as it will be run: backslashes stand for themselves, and `\${…}` is the shell's, where `${…}`
 * is a constant of this program.
 */
export function sh({ raw }: TemplateStringsArray, ...constants: readonly string[]): string {
	const text = raw.map((part, i) => part.replaceAll("\\${", "${") + (constants[i] ?? "")).join("");
	return text.replace(/^\n/, "").replace(/\n*$/, "\n");
}
