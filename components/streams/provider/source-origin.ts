import type { Control } from "../../../control/control";
import type { StreamInfo } from "../../../jetstream/answers";
import type { Api } from "../../../jetstream/api";
import { consumerInfo, streamInfo } from "../../../jetstream/calls";
import { JetStreamError, NoAnswer } from "../../../jetstream/errors";
import type { Patience } from "../../../jetstream/patience";
import { originDomain } from "../../../topology/graph";
import type { StreamSource } from "../../../topology/jetstream";
import { HUB_DOMAIN } from "../../../topology/names";

/** The stream that a source takes from, asked now. */
export interface SourceOrigin {
	readonly domain: string;
	readonly api: Api;
	readonly info: StreamInfo;
}

/** @returns the stream, or why it cannot be had now */
export async function originOf(way: Control, source: StreamSource, withinMs: number): Promise<SourceOrigin | string> {
	const domain = originDomain(source, HUB_DOMAIN);
	const leaves = domain === HUB_DOMAIN ? undefined : await way.leaves();
	if (leaves && !leaves.has(domain)) return "offline";
	const api = way.api(domain);
	const patience: Patience = { deadline: Date.now() + withinMs, timeoutsMs: [2_000, 5_000] };
	try {
		const info = await streamInfo(api, source.name, patience);
		if (!info) return `it has no stream ${source.name}`;
		const { consumer } = source;
		if (consumer && !(await consumerInfo(api, source.name, consumer.name, patience))) {
			return `${source.name} has no consumer ${consumer.name} yet`;
		}
		return { domain, api, info };
	} catch (error) {
		if (error instanceof NoAnswer) return "no answer";
		if (error instanceof JetStreamError) return error.message;
		throw error;
	}
}
