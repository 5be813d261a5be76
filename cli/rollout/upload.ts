import { closeSync, openSync, readSync } from "node:fs";
import { gzipSync } from "node:zlib";
import type { NatsConnection } from "nats";
import type { StreamInfo } from "../../jetstream/answers";
import type { Api } from "../../jetstream/api";
import { ApiError } from "../../jetstream/errors";
import { OWN } from "../../render/bundle/layout";
import {
	CHUNK_BYTES,
	chunksOf,
	keySubject,
	ownKey,
	partKey,
	RELEASES_BUCKET,
	RELEASES_STREAM,
} from "../../topology/rollout/names";
import type { Content } from "../bundle/content";
import { UserError } from "../errors";
import { put } from "./buckets";
import type { DeviceRelease } from "./release";
import { inParts } from "./run";

const ANSWER_MS = 10_000;

/** Brings releases to the hub. What is there already is not sent again, so an upload that was interrupted goes on. */
export class Uploads {
	private readonly done = new Set<string>();

	constructor(
		private readonly connection: NatsConnection,
		private readonly api: Api,
	) {}

	/** SHA-256 of what was brought for all devices. */
	get parts(): readonly string[] {
		return [...this.done].sort();
	}

	/** @throws UserError when the bucket is full */
	async bring(device: string, { manifest, files }: DeviceRelease): Promise<void> {
		const own: Content[] = [manifest];
		for (const [name, content] of Object.entries(files)) {
			if (OWN.includes(name)) own.push(content);
			else await this.bringPart(content);
		}
		const there = await this.keys(ownKey(device, "*", "*"));
		for (const content of own) await this.send(content, (n) => ownKey(device, content.sha256, n), there);
		const wanted = new Set(own.map(({ sha256 }) => sha256));
		const stale = new Set([...there].map((key) => key.split(".")[2] ?? "").filter((sha256) => !wanted.has(sha256)));
		for (const sha256 of stale) await this.purge(ownKey(device, sha256, "*"));
	}

	/** Takes away the parts of releases that nobody is to get any more. @param keep SHA-256 of more than was brought */
	async clearUp(keep: readonly string[]): Promise<void> {
		const wanted = new Set([...this.done, ...keep]);
		const there = await this.keys(partKey("*", 0));
		for (const key of there) {
			const sha256 = key.split(".")[1] ?? "";
			if (!wanted.has(sha256)) await this.purge(partKey(sha256, "*"));
		}
	}

	private async bringPart(content: Content): Promise<void> {
		if (this.done.has(content.sha256)) return;
		const there = await this.keys(partKey(content.sha256, "*"));
		await this.send(content, (n) => partKey(content.sha256, n), there);
		this.done.add(content.sha256);
	}

	private async send(content: Content, key: (n: number) => string, there: ReadonlySet<string>): Promise<void> {
		const missing = Array.from({ length: chunksOf(content.bytes) }, (_, n) => n).filter((n) => !there.has(key(n)));
		if (missing.length === 0) return;
		const chunk = chunksIn(content);
		try {
			await inParts(missing, (n) => put(this.connection, RELEASES_BUCKET, key(n), gzipSync(chunk.at(n), { level: 9 })));
		} catch (error) {
			if (!(error instanceof ApiError)) throw error;
			throw new UserError(
				`the hub does not take the release: ${error.description}; give it more room (leafline:rollout) and run npm run up`,
			);
		} finally {
			chunk.close();
		}
	}

	/** @param key with wildcards */
	private async keys(key: string): Promise<ReadonlySet<string>> {
		const all = new Set<string>();
		const prefix = keySubject(RELEASES_BUCKET, "");
		for (;;) {
			const body = { subjects_filter: keySubject(RELEASES_BUCKET, key), offset: all.size };
			const { state, total = 0 } = await this.api.ask<StreamInfo>(`STREAM.INFO.${RELEASES_STREAM}`, body, ANSWER_MS);
			const subjects = Object.keys(state.subjects ?? {});
			for (const subject of subjects) all.add(subject.slice(prefix.length));
			if (subjects.length === 0 || all.size >= total) return all;
		}
	}

	private purge(key: string): Promise<unknown> {
		return this.api.ask(`STREAM.PURGE.${RELEASES_STREAM}`, { filter: keySubject(RELEASES_BUCKET, key) }, ANSWER_MS);
	}
}

/** Chunks of a text, or of a file that is not read as a whole. */
function chunksIn(content: Content): { at(n: number): Buffer; close(): void } {
	if ("text" in content) {
		const { text } = content;
		return { at: (n) => text.subarray(n * CHUNK_BYTES, (n + 1) * CHUNK_BYTES), close: () => {} };
	}
	const file = openSync(content.file, "r");
	return {
		at(n) {
			const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, content.bytes - n * CHUNK_BYTES));
			readSync(file, chunk, 0, chunk.length, n * CHUNK_BYTES);
			return chunk;
		},
		close: () => closeSync(file),
	};
}
