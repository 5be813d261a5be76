import { type Order, readOrder, readWant, signedText } from "../../topology/rollout/order";
import { Malformed } from "../../topology/rollout/read";
import { DeviceError } from "../spec";
import { isSigned } from "../verify";

/** Most bytes of what lies under `want.<device>`. */
export const WANT_BYTES = 16 * 1024;

/**
 * Reads an order that came from the hub, which need not be trusted.
 * @param key that must have signed it
 * @throws DeviceError with one line
 */
export function verifiedOrder(value: Uint8Array, key: string, device: string): Order {
	try {
		const { order: text, signature } = readWant(value);
		if (!isSigned(key, signedText(text), signature)) {
			throw new DeviceError(`the order is not signed with ${key}, which this device trusts`);
		}
		const order = readOrder(text);
		if (order.device !== device) throw new DeviceError(`the order is for ${order.device}, and this is ${device}`);
		return order;
	} catch (error) {
		if (error instanceof Malformed) throw new DeviceError(error.message);
		throw error;
	}
}
