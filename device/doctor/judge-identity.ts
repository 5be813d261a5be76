import { publicKey } from "../../components/identity/nkey";
import { foreign } from "../../config/printable";
import { type Finding, fault, good, warning } from "./finding";

/** Clock and credentials. All pure: what is read and measured comes in. */

const DAY_MS = 86_400_000;
/** An outage may be long, and whoever renews must get there. */
const SOON_MS = 30 * DAY_MS;
/** More than links and schedulers make of it. */
const SKEW_MS = 5_000;
const date = (ms: number) => `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;

const SET_CLOCK =
	"set the clock (timedatectl set-ntp true; where there is no network at start, a real-time clock with a battery)";

/**
 * A clock that is behind makes TLS refuse the hub's certificate; one that is wrong and is put right later makes messages old
 * at once.
 * @param since when what this machine holds was made, the newest of it; undefined where nothing tells
 * @param other another machine's clock at the same moment
 */
export function clockFinding(
	now: number,
	since?: number,
	other?: { readonly who: string; readonly now: number },
): Finding {
	if (since !== undefined && now < since - SKEW_MS) {
		return fault(
			"clock",
			`it is ${date(now)} here, and the credentials are from ${date(since)}: it is behind`,
			SET_CLOCK,
		);
	}
	if (other && Math.abs(other.now - now) > SKEW_MS) {
		const way = other.now > now ? "behind" : "ahead of";
		const text = `${Math.round(Math.abs(other.now - now) / 1000)} s ${way} ${other.who}`;
		return warning("clock", text, `${SET_CLOCK}, here or there`);
	}
	const beside = other ? `, as ${other.who} has it` : "";
	return good("clock", `${date(now)}${beside}`);
}

export interface Credentials {
	readonly jwt: string;
	readonly seed: string;
	/** Whose it says they are. */
	readonly name: string;
	/** When they were made, milliseconds since 1970. */
	readonly issuedAt: number;
}

interface Claims {
	readonly sub?: unknown;
	readonly name?: unknown;
	readonly iat?: unknown;
	readonly exp?: unknown;
	readonly nbf?: unknown;
	readonly nats?: { readonly type?: unknown };
}

/**
 * @param text of a credentials file
 * @param who whose they are, for messages
 * @param expected name in them. @default any
 */
export function readCredentials(text: string, who: string, now: number, expected?: string): Finding | Credentials {
	const [jwt, seed] = [...text.matchAll(/-----BEGIN [^\n]+\r?\n([^\s-]\S*)\r?\n/g)].map((match) => match[1]);
	const claims = jwt === undefined ? undefined : claimsOf(jwt);
	const again = "put them there again: a new bundle, or the outputs of the stack";
	if (!jwt || !claims || claims.nats?.type !== "user" || typeof claims.sub !== "string") {
		return fault("credentials", `${who}: they hold no user's token`, again);
	}
	const name = typeof claims.name === "string" ? claims.name : "";
	if (expected !== undefined && name !== expected) {
		return fault("credentials", `${who}: they are of ${foreign(name, 80)}, not of ${expected}`, again);
	}
	if (seed === undefined) {
		return fault(
			"credentials",
			`${who}: the key is missing`,
			"append the key that this device made itself, or put them there again",
		);
	}
	if (keyOf(seed) !== claims.sub) return fault("credentials", `${who}: the key is not the token's`, again);
	const [issued, expires, begins] = [claims.iat, claims.exp, claims.nbf].map((it) =>
		typeof it === "number" ? it * 1000 : 0,
	);
	if (expires && expires <= now) {
		return fault(
			"credentials",
			`${who}: they ended on ${date(expires)}`,
			"make new ones, and look whether the clock is right",
		);
	}
	if (begins && begins > now) return fault("credentials", `${who}: they hold from ${date(begins)}`, SET_CLOCK);
	return { jwt, seed, name, issuedAt: issued ?? 0 };
}

/** @param ends milliseconds since 1970, 0 for never */
export function credentialsFinding(who: string, { jwt, name }: Credentials, now: number): Finding {
	const exp = claimsOf(jwt)?.exp;
	if (typeof exp !== "number") return good("credentials", `${who}: of ${foreign(name, 80)}, without an end`);
	const ends = exp * 1000;
	const text = `${who}: of ${foreign(name, 80)}, until ${date(ends)}`;
	return ends - now < SOON_MS ? warning("credentials", text, "make new ones before that") : good("credentials", text);
}

/** Others on the machine may read what is to be secret. @param mode of the file, as stat(2) gives it */
export function modeFinding(file: string, mode: number): Finding | undefined {
	if ((mode & 0o077) === 0) return undefined;
	const text = `others on this machine may read ${file} (mode ${(mode & 0o777).toString(8)})`;
	return fault("credentials", text, `chmod 600 ${file}, and make new ones if somebody else was there`);
}

function claimsOf(jwt: string): Claims | undefined {
	try {
		const claims: unknown = JSON.parse(Buffer.from(jwt.split(".")[1] ?? "", "base64url").toString("utf8"));
		return typeof claims === "object" && claims !== null ? claims : undefined;
	} catch {
		return undefined;
	}
}

function keyOf(seed: string): string | undefined {
	try {
		return publicKey(seed);
	} catch {
		return undefined;
	}
}
