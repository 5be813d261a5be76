/** Powers by the first letter of a unit. */
const POWERS: Readonly<Record<string, bigint>> = { k: 1n, m: 2n, g: 3n, t: 4n, p: 5n, e: 6n };

const INT64 = { least: -(2n ** 63n), most: 2n ** 63n - 1n };

/**
 * A whole number with its unit: `K`, `M`, … count by 1,000, and `KB`, `Ki`, `KiB`, … by 1,024. What is too big for 64 bits
 * once the unit is applied wraps round, as it does in the server.
 *
 * @returns `undefined` where the digits alone are no 64-bit number, `"ignored"` for a unit like `kbb`, which the server
 *          reads over together with its value
 */
export function readInteger(text: string): number | "ignored" | undefined {
	const [, digits = "", unit = ""] = /^(-?[0-9]+)([a-z]*)$/i.exec(text) ?? [];
	if (digits === "") return undefined;
	const number = BigInt(digits);
	if (number < INT64.least || number > INT64.most) return undefined;
	const [, letter = "", binary = ""] = /^([kmgtpe]?)(|b|i|ib)$/i.exec(unit) ?? ["", "?"];
	const power = letter === "" ? 0n : POWERS[letter.toLowerCase()];
	if (power === undefined) return "ignored";
	return Number(BigInt.asIntN(64, number * (binary === "" ? 1000n : 1024n) ** power));
}

/** @returns `undefined` for what is no number of 64 bits */
export function readFloat(text: string): number | undefined {
	const number = /^-?[0-9]+\.[0-9]+$/.test(text) ? Number(text) : Number.NaN;
	return Number.isFinite(number) ? number : undefined;
}

/** Whether there is such a moment: no 30th of February, no 24th hour. */
export function isMoment(text: string): boolean {
	const time = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/.test(text) ? new Date(text) : undefined;
	return time !== undefined && !Number.isNaN(time.getTime()) && time.toISOString() === text.replace("Z", ".000Z");
}
