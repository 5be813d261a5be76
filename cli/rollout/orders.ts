import { sign } from "../../components/identity/nkey";
import type { StackOutputs } from "../../contract/outputs";
import { type Order, orderText, signedText, wantValue } from "../../topology/rollout/order";
import { signerOf } from "../bundle/device";
import type { Seen } from "./seen";

/** The value of `want.<device>` or `ready.<device>`, signed as bundles are. @throws UserError where the secrets are masked */
export function signedOrder(outputs: StackOutputs, order: Order): string {
	const text = orderText(order);
	const signature = sign(signerOf(outputs).seed, signedText(text)).toString("base64");
	return wantValue({ order: text, signature });
}

/** A number that is higher than that of any order that these devices have seen. */
export function nextOrder(seen: Seen, devices: readonly string[]): number {
	const known = devices.flatMap((name) => [seen.want(name).order?.order ?? 0, seen.have(name)?.latest?.order ?? 0]);
	return known.reduce((highest, each) => Math.max(highest, each + 1), Date.now());
}
