import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

export type Operation = "DescribeInstanceInformation" | "SendCommand" | "GetCommandInvocation";

/** What the stub says to one request: a document, or an error by its AWS name. */
export type Answer = Readonly<Record<string, unknown>> | AwsFailure;

export class AwsFailure {
	constructor(
		readonly name: string,
		readonly message = "",
		readonly status = 400,
	) {}
}

export interface SsmStub {
	readonly url: string;
	/** What was asked, in order. */
	readonly requests: { readonly operation: Operation; readonly body: Record<string, unknown> }[];
	count(operation: Operation): number;
	close(): Promise<void>;
}

/**
 * Systems Manager as far as Run Command needs it, on loopback, in AWS's JSON protocol.
 * @param answers by operation; `turn` counts its requests from 0
 */
export async function startSsmStub(answers: Record<Operation, (turn: number) => Answer>): Promise<SsmStub> {
	const requests: SsmStub["requests"] = [];
	const count = (operation: Operation) => requests.filter((request) => request.operation === operation).length;
	const server = createServer(async (request, response) => {
		const operation = String(request.headers["x-amz-target"]).split(".")[1] as Operation;
		const turn = count(operation);
		requests.push({ operation, body: JSON.parse(await text(request)) });
		const answer = answers[operation](turn);
		const failed = answer instanceof AwsFailure;
		response.writeHead(failed ? answer.status : 200, { "content-type": "application/x-amz-json-1.1" });
		response.end(JSON.stringify(failed ? { __type: answer.name, message: answer.message } : answer));
	});
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		requests,
		count,
		close: () =>
			new Promise((done) => {
				server.close(() => done());
				server.closeAllConnections();
			}),
	};
}

async function text(request: IncomingMessage): Promise<string> {
	const chunks: Buffer[] = [];
	for await (const chunk of request) chunks.push(chunk as Buffer);
	return Buffer.concat(chunks).toString("utf8");
}

export const ONLINE = { InstanceInformationList: [{ InstanceId: "i-0123456789abcdef0", PingStatus: "Online" }] };
export const ABSENT = { InstanceInformationList: [] };
export const LOST = {
	InstanceInformationList: [
		{ InstanceId: "i-0123456789abcdef0", PingStatus: "ConnectionLost", LastPingDateTime: 1_790_000_000 },
	],
};
export const SENT = { Command: { CommandId: "c0ffee00-0000-4000-8000-000000000001", Status: "Pending" } };

/** What `GetCommandInvocation` says. */
export function invocation(status: string, details = status, more: Record<string, unknown> = {}): Answer {
	return { Status: status, StatusDetails: details, ResponseCode: -1, ...more };
}
