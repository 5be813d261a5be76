/**
 * Secrets that are known by what they are called: `NATS_PASSWORD=…`, `"token": "…"`, `--pass …`. What is no literal is
 * none: a variable, a command's output, a path, a hash that the server compares with (bcrypt, crypt), a placeholder.
 * Comments are not searched for them, for examples stand there.
 */

const VALUE = String.raw`"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s,;"'#)\]}]+`;
const ASSIGNMENT = new RegExp(
	String.raw`(?<!\$\{|[\w$.-])["']?([A-Za-z_][\w.-]*)["']?[ \t]*[:=][ \t]*(?=(${VALUE}))`,
	"g",
);
const OPTION = new RegExp(String.raw`(?<![\w-])--?([A-Za-z][\w-]*)(?:=|[ \t]+)(?=(${VALUE}))`, "g");
/** Commands that take a password without naming it. */
const COMMANDS: readonly RegExp[] = [
	new RegExp(String.raw`\bsshpass[ \t]+-p[ \t]*(?=(${VALUE}))`, "g"),
	/\bcurl\b[^\n]*?[ \t](?:-u|--user)(?:=|[ \t]+)["']?[^\s:"'$]+:(?=([^\s"']+))/g,
	/["']?\b[\w.-]+:(?=([^"'\s|:]+)["']?[ \t]*\|[ \t]*(?:sudo[ \t]+)?chpasswd)/g,
];

const WORDS: readonly string[] = [
	"password",
	"passwd",
	"passphrase",
	"passcode",
	"pass",
	"pwd",
	"secret",
	"token",
	"apikey",
];
const PAIRS: readonly string[] = ["api_key", "private_key", "access_key", "secret_key", "encryption_key"];
const NO_VALUE =
	/^(?:true|false|yes|no|on|off|none|null|nil|required|optional|enabled|disabled|undefined|prompt|stdin|redacted|todo|[*x.…_-]+)$/i;
/** Where a secret is to be had, and code that fetches it. */
const REFERENCE =
	/^(?:[$`<%@!&={[|>]|(?:\/|\.{1,2}\/|~\/)[\w.-]*(?:\/|$)|(?:arn|ssm|secretsmanager|vault|op|resolve|kms|env|file|fd|https?):|process\.env|os\.|[\w.]+[([])/i;

/** Where they begin in the text, and what they are called. */
export function namedSecrets(text: string): { kind: string; index: number }[] {
	const code = withoutComments(text);
	const found: { kind: string; index: number }[] = [];
	for (const match of code.matchAll(ASSIGNMENT)) add(match, isSecretName(match[1] ?? ""), match[2]);
	for (const match of code.matchAll(OPTION)) {
		const name = match[1] ?? "";
		const line = code.slice(code.lastIndexOf("\n", match.index) + 1, match.index);
		add(match, isSecretName(name) || (name === "auth" && /\bnats/.test(line)), match[2]);
	}
	for (const command of COMMANDS) for (const match of code.matchAll(command)) add(match, true, match[1]);
	return found;

	function add({ index }: RegExpExecArray, named: boolean, value = ""): void {
		if (named && isLiteral(value, 3)) found.push({ kind: "a password or token", index });
	}
}

/**
 * @param value perhaps in quotes
 * @param least shorter ones are counters and flags
 */
export function isLiteral(value: string, least = 1): boolean {
	const bare = value.replace(/^(["'])(.*)\1$/s, "$2").trim();
	if (bare.length < least || NO_VALUE.test(bare) || REFERENCE.test(bare) || /^-?\d{1,3}$/.test(bare)) return false;
	// In single quotes a shell leaves it alone.
	return value.startsWith("'") || !/\$[A-Za-z_{(]|`|\{\{/.test(bare);
}

/** The last word says what it is: `token_ttl_seconds` is no token. The shell keeps its folder in `PWD`. */
function isSecretName(name: string): boolean {
	const words = name
		.replace(/([a-z0-9])([A-Z])/g, "$1_$2")
		.toLowerCase()
		.split(/[_.-]+/);
	const last = words.at(-1) ?? "";
	if (words.length === 1 && last === "pwd") return false;
	return WORDS.includes(last) || PAIRS.includes(words.slice(-2).join("_"));
}

/** Blanks in their place, so that everything else stays where it is. */
export function withoutComments(text: string): string {
	return text.replace(/(?<=^[ \t]*)(?:#(?!cloud-config)|\/\/)[^\n]*|(?<=\s)#[ \t][^\n]*/gm, (comment) =>
		" ".repeat(comment.length),
	);
}
