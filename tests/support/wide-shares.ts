import { SHARES, type Share } from "../../topology/permissions";

/** As it once was: the account of the streams takes the whole API of every device, and not just what sourcing needs. */
export const WIDE_SHARES: readonly Share[] = [
	...SHARES.filter(({ to, subject }) => to !== "HUB" || !subject.startsWith("$JS.*.API.")),
	{ kind: "service", from: "DEVICES", to: "HUB", subject: "$JS.*.API.>" },
];
