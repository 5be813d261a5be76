import { randomUUID } from "node:crypto";
import {
	DeleteObjectCommand,
	GetObjectCommand,
	HeadObjectCommand,
	ListObjectsV2Command,
	PutObjectCommand,
	S3Client,
} from "@aws-sdk/client-s3";
import type { Store } from "./store.js";

/**
 * S3, or what speaks its protocol. One PUT makes an object whole or not at all, and `If-None-Match: *` lets it only make
 * one. Region, credentials and `AWS_ENDPOINT_URL_S3` come from the environment, as for every tool of AWS.
 */
export function s3Store(target: string): Store {
	const { host: Bucket, pathname } = new URL(target);
	const prefix = pathname.replace(/^\/+|\/+$/g, "");
	const keyOf = (path: string) => (prefix === "" ? path : `${prefix}/${path}`);
	const client = new S3Client({ forcePathStyle: process.env.LAKE_S3_PATH_STYLE === "true" });

	/** The client says a PUT again whose answer did not come: then what is there may be its own. */
	const isOurs = async (Key: string, put: string) =>
		(await client.send(new HeadObjectCommand({ Bucket, Key }))).Metadata?.put === put;

	return {
		create: async (path, content) => {
			const Key = keyOf(path);
			const put = randomUUID();
			try {
				const Metadata = { put };
				await client.send(new PutObjectCommand({ Bucket, Key, Body: content, IfNoneMatch: "*", Metadata }));
				return true;
			} catch (error) {
				if ((error as { name?: string }).name !== "PreconditionFailed") throw error;
				return isOurs(Key, put);
			}
		},
		read: async (path) => {
			const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: keyOf(path) }));
			if (Body === undefined) throw new Error(`${path} is empty`);
			return Body.transformToByteArray();
		},
		list: async (folder) => {
			const Prefix = `${keyOf(folder)}/`;
			const names: string[] = [];
			let ContinuationToken: string | undefined;
			do {
				const ask = { Bucket, Prefix, Delimiter: "/", ...(ContinuationToken && { ContinuationToken }) };
				const page = await client.send(new ListObjectsV2Command(ask));
				names.push(...(page.Contents ?? []).map(({ Key = "" }) => Key.slice(Prefix.length)));
				ContinuationToken = page.NextContinuationToken;
			} while (ContinuationToken);
			return names.sort();
		},
		remove: async (path) => {
			await client.send(new DeleteObjectCommand({ Bucket, Key: keyOf(path) }));
		},
	};
}
