import * as fs from "node:fs";
import * as path from "node:path";
import { load, temporary, write } from "./support";

const { edits } = load("../../toolchain/server-change.js") as typeof import("../../toolchain/server-change.js");

/**
 * As much of nats-server's sources as leafline's change looks at, as `go mod vendor` lays them out.
 * @returns the folder `vendor`
 */
export function serverSources(): string {
	const folder = temporary();
	const server = path.join(folder, "github.com/nats-io/nats-server/v2/server");
	const texts = new Map<string, string>();
	for (const { file, at } of edits("2.15.2")) texts.set(file, `${texts.get(file) ?? ""}${at}\n`);
	for (const [file, text] of texts) write(path.join(server, path.basename(file)), text);
	// The other places that mention what is changed, and two that do not count.
	write(
		path.join(server, "more.go"),
		"JSConsumerStalled JSConsumerStalled JSConsumerStalled JSConsumerStalled\nlen(hdr) > math.MaxUint16\n",
	);
	write(
		path.join(server, "calls.go"),
		"handleFlowControl(\nprocessStalledFlowControl(\nprocessStalledFlowControl(\nsendFlowControlReply(\n",
	);
	write(path.join(server, "stream_test.go"), "handleFlowControl(\n");
	fs.mkdirSync(path.join(folder, "other"));
	return folder;
}
