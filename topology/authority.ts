import { isDeepStrictEqual } from "node:util";
import type { AuthorityRotation, Fleet } from "../config/model";

/**
 * The authority that signs the hub's certificate, over all of its rotations. A new one goes to every device beside the old
 * one first, then it signs, then the old one goes.
 */
/** As for a fleet whose authority was never replaced. */
export const FIRST_AUTHORITY: AuthorityRotation = { rotation: 0, stage: "alone" };

/** What is to be done with the authorities that there are. */
export type AuthorityStep =
	| "nothing"
	/** Make another one, which everybody is told of and which signs nothing yet. */
	| "make"
	/** The other one signs. */
	| "swap"
	/** The one that does not sign goes. */
	| "drop";

/** Undefined where the fleet file says nothing: nothing of it is in the state. */
export function authorityOf({ authority }: Pick<Fleet, "authority">): AuthorityRotation | undefined {
	return authority === undefined || isDeepStrictEqual(authority, FIRST_AUTHORITY) ? undefined : authority;
}

/** The step from one stage to another, or why there is none. */
export function authorityStep(
	was: AuthorityRotation = FIRST_AUTHORITY,
	wanted: AuthorityRotation = FIRST_AUTHORITY,
): AuthorityStep | { readonly message: string; readonly remedy: string } {
	if (isDeepStrictEqual(was, wanted)) return "nothing";
	const said = `rotation ${wanted.rotation}, stage ${wanted.stage}`;
	const refuse = (why: string, remedy: string) => ({ message: `${said}: ${why}`, remedy });
	if (wanted.rotation < was.rotation) {
		return refuse(`rotation ${was.rotation} was done already`, "write the number that was there");
	}
	if (wanted.rotation > was.rotation) {
		if (was.stage !== "alone") {
			return refuse(`that of rotation ${was.rotation} is not done`, `bring it up to stage alone first`);
		}
		const next = was.rotation + 1;
		if (wanted.rotation !== next || wanted.stage !== "beside") {
			return refuse("no device knows the new authority yet", `write rotation: ${next}, stage: beside`);
		}
		return "make";
	}
	if (was.stage === "alone") {
		return refuse(
			"the authority before it is gone",
			`write stage: alone, or rotation: ${was.rotation + 1}, stage: beside`,
		);
	}
	if (wanted.stage !== "alone") return "swap";
	if (was.stage === "signs") return "drop";
	return refuse("the old authority still signs the hub's certificate", "bring it up with stage: signs first");
}
