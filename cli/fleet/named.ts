import { some } from "../../topology/format";
import { UserError } from "../errors";

/**
 * What is kept of a device that somebody named.
 * @param where what has those devices, for the message
 * @throws UserError when there is no device of that name
 */
export function named<T>(devices: Readonly<Record<string, T>>, device: string, where = "the fleet"): T {
	const found = Object.hasOwn(devices, device) ? devices[device] : undefined;
	if (found !== undefined) return found;
	throw new UserError(`${where} has no device ${device}; it has ${some(Object.keys(devices))}`);
}
