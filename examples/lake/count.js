// Reads a lake in a folder with DuckDB: how many messages of each device, and whether each is there once.
import { DuckDBInstance } from "@duckdb/node-api";

const [folder = "./data"] = process.argv.slice(2);
const connection = await (await DuckDBInstance.create()).connect();
const { 0: rows } = [
	await connection.runAndReadAll(`
		SELECT device, date, hour, count(*) AS messages, count(*) - count(DISTINCT device_seq) AS twice,
			min(arrival_time) AS first_arrival, max(arrival_time) AS last_arrival
		FROM read_parquet('${folder.replaceAll("'", "''")}/*/*/*/*/*.parquet', hive_partitioning = true)
		GROUP BY ALL ORDER BY ALL`),
];
console.table(rows.getRowObjectsJson());
