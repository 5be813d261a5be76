import { parquetWriteBuffer, type SchemaElement } from "hyparquet-writer";
import type { Row } from "./message.js";

const required = { repetition_type: "REQUIRED" } as const;
const optional = { repetition_type: "OPTIONAL" } as const;
const text = { type: "BYTE_ARRAY", converted_type: "UTF8" } as const;
const number = { type: "INT64", ...required } as const;
const time = { type: "INT64", logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MICROS" } } as const;

interface Column {
	readonly element: Omit<SchemaElement, "name">;
	readonly of: (row: Row) => unknown;
}

/** Date, hour and device are in the file's path; every file has the same columns. */
const COLUMNS: Readonly<Record<string, Column>> = {
	device_seq: { element: number, of: ({ deviceSeq }) => BigInt(deviceSeq) },
	hub_seq: { element: number, of: ({ hubSeq }) => BigInt(hubSeq) },
	arrival_time: { element: { ...time, ...required }, of: ({ arrival }) => arrival / 1000n },
	origin_time: { element: { ...time, ...optional }, of: ({ origin }) => origin && origin / 1000n },
	subject: { element: { ...text, ...required }, of: ({ subject }) => subject },
	message_id: { element: { ...text, ...optional }, of: ({ id }) => id },
	headers: { element: { ...text, ...required }, of: ({ headers }) => JSON.stringify(headers) },
	payload: { element: { type: "BYTE_ARRAY", ...required }, of: ({ payload }) => payload },
};

const SCHEMA: SchemaElement[] = [
	{ name: "message", num_children: Object.keys(COLUMNS).length },
	...Object.entries(COLUMNS).map(([name, { element }]) => ({ name, ...element })),
];

/** @param about key-value metadata of the file's footer */
export function toParquet(rows: readonly Row[], about: Readonly<Record<string, string>>): Uint8Array {
	const columnData = Object.entries(COLUMNS).map(([name, { of }]) => ({ name, data: rows.map(of) }));
	const kvMetadata = Object.entries(about).map(([key, value]) => ({ key: `leafline.${key}`, value }));
	const createdBy = "leafline-lake";
	return new Uint8Array(parquetWriteBuffer({ columnData, schema: SCHEMA, kvMetadata, createdBy }));
}
