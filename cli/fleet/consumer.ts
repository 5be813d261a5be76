import type { LeaflineOutput } from "../../contract/outputs";
import type { ConsumerInfo } from "../../jetstream/answers";
import { compareConsumer } from "../../jetstream/compare";
import { sourcingConsumer } from "../../topology/edge";
import type { ConsumerConfig } from "../../topology/jetstream";

/** The consumer on a device that the hub sources a class through, with the window that stands in the outputs; undefined if none does. */
export function consumerOf(
	{ budgets, devices }: LeaflineOutput,
	device: string,
	className: string,
): ConsumerConfig | undefined {
	const window = budgets.link[devices[device]?.group ?? ""]?.windows[className];
	return window === undefined ? undefined : sourcingConsumer(device, className, window);
}

/** A device that has not had the last update yet has the window of the one before. A pause is told by itself. */
const LEFT_OUT = new Set(["max_ack_pending", "pause_until"]);

/** Fields of a consumer that are not as leafline makes them, without those that take nothing from the hub. */
export function changedFields(wanted: ConsumerConfig | undefined, found: ConsumerInfo): string[] {
	if (!wanted) return [];
	return compareConsumer(wanted, found.config).flatMap(({ field }) => (LEFT_OUT.has(field) ? [] : [field]));
}
