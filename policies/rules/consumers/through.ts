import type { ConsumerConfig } from "../../../topology/jetstream";
import { type Design, type DesignStream, type Outcome, type PolicyConfig, type Rule, UNKNOWN } from "../../model";
import { isFullyKnown, isKnown, unknown } from "../outcomes";
import { flowOf, type Inflow } from "../streams/flow";
import { isDurable } from "../streams/sourcing";

/** A durable consumer that exists, and the source that takes its messages. */
export interface Through {
	readonly consumer: ConsumerConfig;
	readonly name: string;
	/** The stream that the consumer is on. */
	readonly on: DesignStream;
	/** The stream that sources through it. */
	readonly taker: DesignStream;
	readonly inflow: Inflow;
}

const found = new WeakMap<Design, readonly (Through | Outcome)[]>();

/** A rule that judges every consumer through which some stream sources; missing ones are a mistake of their own. */
export function eachThrough(judge: (through: Through, config: PolicyConfig) => Outcome): Rule["check"] {
	return (design, config) => {
		const all = found.get(design) ?? throughs(design);
		found.set(design, all);
		return all.map((each) => ("verdict" in each ? each : judge(each, config)));
	};
}

/** Worked out once for all rules; what is unknown is an outcome already. */
function throughs(design: Design): (Through | Outcome)[] {
	const { streams, byId, inflows } = flowOf(design);
	return streams.flatMap((taker): (Through | Outcome)[] => {
		const own = inflows(taker);
		if (!isKnown(own)) {
			return [unknown(taker.origin, `sources of ${taker.origin.label}`)];
		}
		return own.filter(isDurable).flatMap((inflow): (Through | Outcome)[] => {
			const on = byId.get(inflow.from);
			const name = inflow.source.consumer?.name ?? "";
			const consumer = on && Object.hasOwn(on.consumers, name) ? on.consumers[name] : undefined;
			if (on === undefined || consumer === undefined) {
				return [];
			}
			return consumer === UNKNOWN || !isFullyKnown(consumer)
				? [unknown(on.origin, `consumer ${name} on ${on.origin.label}`)]
				: [{ consumer, name, on, taker, inflow }];
		});
	});
}
