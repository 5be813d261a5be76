/*
 * `examples/lake` has libraries of its own, which are not installed here: its own compiler checks what it does with them,
 * and the tests' one reads its types wherever they are not.
 */
declare module "hyparquet";
declare module "@aws-sdk/client-s3";
declare module "hyparquet-writer" {
	export interface SchemaElement {
		readonly name: string;
		readonly [property: string]: unknown;
	}
	export function parquetWriteBuffer(options: object): ArrayBuffer;
}
