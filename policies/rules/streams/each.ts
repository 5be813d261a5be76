import type { StreamConfig } from "../../../topology/jetstream";
import type { Design, DesignStream, Maybe, Outcome, PolicyConfig, Rule } from "../../model";
import { isFullyKnown, isKnown, unknown } from "../outcomes";
import { type Flow, flowOf, type Inflow } from "./flow";

/** A rule that judges every stream by itself; `undefined` where it does not apply. */
export function eachStream(
	judge: (stream: DesignStream, config: PolicyConfig, flow: Flow, design: Design) => Outcome | undefined,
): Rule["check"] {
	return (design, config) => {
		const flow = flowOf(design);
		return design.streams.flatMap((stream) => judge(stream, config, flow, design) ?? []);
	};
}

/**
 * A rule that judges every stream by one field of its configuration; what is unknown is reported as such. A field that
 * is left out is `undefined`, whatever its type says: streams of other tools leave to the server what they do not need.
 */
export function eachField<K extends keyof StreamConfig>(
	field: K,
	applies: (stream: DesignStream, config: PolicyConfig, flow: Flow) => boolean,
	judge: (value: StreamConfig[K] | undefined, stream: DesignStream, config: PolicyConfig) => Outcome | undefined,
): Rule["check"] {
	return eachStream((stream, config, flow) => {
		if (!applies(stream, config, flow)) {
			return undefined;
		}
		const value = stream.config[field] as Maybe<StreamConfig[K]> | undefined;
		return isFullyKnown(value)
			? judge(value, stream, config)
			: unknown(stream.origin, `${field} of ${stream.origin.label}`);
	});
}

/** A rule that judges all sources of a stream together, so that a mistake in 500 of them is one finding. */
export function eachSourcing(
	applies: (stream: DesignStream) => boolean,
	judge: (inflows: readonly Inflow[], stream: DesignStream, flow: Flow) => Outcome | undefined,
): Rule["check"] {
	return eachStream((stream, _config, flow) => {
		if (!applies(stream)) {
			return undefined;
		}
		const inflows = flow.inflows(stream);
		return isKnown(inflows)
			? judge(inflows, stream, flow)
			: unknown(stream.origin, `sources of ${stream.origin.label}`);
	});
}

/** `edge1_can`, `edge1_can and edge2_can`, `edge1_can and 499 others`. */
export function list(names: readonly string[]): string {
	const [first = "", second] = names;
	if (second === undefined) {
		return first;
	}
	return names.length === 2 ? `${first} and ${second}` : `${first} and ${names.length - 1} others`;
}

/** Whether a stream sources or mirrors, or may: what it takes in is not known yet. */
export function takesIn(inflows: symbol | readonly unknown[]): boolean {
	return typeof inflows === "symbol" || inflows.length > 0;
}
