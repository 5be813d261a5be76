import type { IncomingMessage, ServerResponse } from "node:http";
import { NodeError } from "./machine-files";

/** What Systems Manager knows of the account. */
export interface Managed {
	isOnline(instanceId: string): boolean;
	/**
	 * @param generation of the parameters that the node must take. @default whichever it finds
	 * @returns the node's lines @throws NodeError
	 */
	apply(instanceId: string, generation?: string): Promise<string[]>;
	/** Texts by name below a path. */
	parameters(path: string): Record<string, string>;
	documents(): string[];
}

type Document = Readonly<Record<string, unknown>>;

interface Request {
	readonly Filters?: readonly { readonly Key: string; readonly Values: readonly string[] }[];
	readonly InstanceIds?: readonly string[];
	readonly DocumentName?: string;
	readonly Parameters?: { readonly Generation?: readonly string[] };
	readonly CommandId?: string;
	readonly Path?: string;
}

class SsmError extends Error {
	constructor(
		readonly code: string,
		message: string,
	) {
		super(message);
	}
}

/** Systems Manager in AWS's JSON protocol, as far as a hub needs it: Run Command and parameters. */
export function answerSsm(managed: Managed): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
	const invocations = new Map<string, Document>();
	const operations: Readonly<Record<string, (body: Request) => Document>> = {
		DescribeInstanceInformation: ({ Filters }) => {
			const asked =
				(Filters as { Key: string; Values: string[] }[]).find(({ Key }) => Key === "InstanceIds")?.Values ?? [];
			const online = asked.filter((id) => managed.isOnline(id));
			return { InstanceInformationList: online.map((InstanceId) => ({ InstanceId, PingStatus: "Online" })) };
		},
		SendCommand: ({ InstanceIds: [id = ""] = [], DocumentName = "", Parameters }) => {
			if (!managed.documents().includes(DocumentName)) throw new SsmError("InvalidDocument", DocumentName);
			if (!managed.isOnline(id)) throw new SsmError("InvalidInstanceId", id);
			const CommandId = `c0ffee00-0000-4000-8000-${String(invocations.size).padStart(12, "0")}`;
			const settle = (Status: string, rest: Document) => {
				invocations.set(CommandId, { CommandId, InstanceId: id, Status, StatusDetails: Status, ...rest });
			};
			settle("InProgress", { ResponseCode: -1 });
			managed.apply(id, Parameters?.Generation?.[0]).then(
				(lines) => settle("Success", { ResponseCode: 0, StandardOutputContent: `${lines.join("\n")}\n` }),
				(error: Error) => {
					const words = error instanceof NodeError ? error.message : error.stack;
					settle("Failed", {
						ResponseCode: 1,
						StandardErrorContent: `failed: ${words}\nfailed to run commands: exit status 1`,
					});
				},
			);
			return { Command: { CommandId, Status: "Pending" } };
		},
		GetCommandInvocation: ({ CommandId = "" }) => {
			const found = invocations.get(CommandId);
			if (!found) throw new SsmError("InvocationDoesNotExist", CommandId);
			return found;
		},
		GetParametersByPath: ({ Path = "" }) => {
			const all = Object.entries(managed.parameters(Path.replace(/\/$/, "")));
			return { Parameters: all.map(([name, Value]) => ({ Name: `${Path}/${name}`, Value })) };
		},
	};
	return async (request, response) => {
		const operation = String(request.headers["x-amz-target"]).split(".")[1] ?? "";
		const reply = (status: number, body: Document) =>
			response.writeHead(status, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(body));
		try {
			const work = operations[operation];
			if (!work) throw new SsmError("UnknownOperationException", operation);
			reply(200, work(JSON.parse(await text(request))));
		} catch (error) {
			if (!(error instanceof SsmError)) throw error;
			reply(400, { __type: error.code, message: error.message });
		}
	};
}

async function text(request: IncomingMessage): Promise<string> {
	const chunks: Buffer[] = [];
	for await (const chunk of request) chunks.push(chunk as Buffer);
	return Buffer.concat(chunks).toString("utf8");
}
