import type { IncomingMessage } from "node:http";
import type { Answer } from "./http";

/** Parameters by their whole name, and objects by `bucket/key`. May change while a machine uses them. */
export interface Store {
	readonly parameters: Map<string, { readonly value: string; readonly secret: boolean }>;
	readonly objects: Map<string, Buffer>;
	/** Lines that were sent to CloudWatch Logs, as `stream: line`. */
	readonly logs: string[];
	/** Figures that were sent to CloudWatch: the requests' bodies, in which texts can be read. */
	readonly figures: string[];
}

const CBOR = { "content-type": "application/cbor", "smithy-protocol": "rpc-v2-cbor" };
const EMPTY_MAP = Buffer.from([0xa0]);

/** As the service has it: more in one answer is refused. */
const PAGE = 10;

/** What the machine asks of AWS: parameters, the server's binary; and it may tell its logs and figures. */
export function services({
	parameters,
	objects,
	logs,
	figures,
}: Store): (request: IncomingMessage, body: Buffer) => Answer {
	return (request, body) => {
		const target = String(request.headers["x-amz-target"] ?? "");
		if (target === "AmazonSSM.GetParametersByPath") return parametersByPath(parameters, JSON.parse(body.toString()));
		if (target.startsWith("AmazonSSM.")) return failure(400, "InvalidAction", `the boot test has no ${target}`);
		if (target === "Logs_20140328.PutLogEvents") {
			const { logStreamName, logEvents } = JSON.parse(body.toString()) as LogEvents;
			for (const { message } of logEvents) logs.push(`${logStreamName}: ${message}`);
			return json({});
		}
		if (target.startsWith("Logs_")) return json({});
		// The command line's version 1 speaks JSON here, version 2 CBOR.
		if (target === "GraniteServiceVersion20100801.PutMetricData") {
			figures.push(body.toString());
			return json({});
		}
		if (/\/GraniteServiceVersion20100801\/operation\/PutMetricData$/.test(request.url ?? "")) {
			figures.push(body.toString("latin1"));
			return { headers: CBOR, body: EMPTY_MAP };
		}
		return object(objects, request);
	};
}

interface LogEvents {
	readonly logStreamName: string;
	readonly logEvents: readonly { readonly timestamp: number; readonly message: string }[];
}

interface ByPath {
	readonly Path: string;
	readonly Recursive?: boolean;
	readonly WithDecryption?: boolean;
	readonly MaxResults?: number;
	readonly NextToken?: string;
}

function parametersByPath(parameters: Store["parameters"], ask: ByPath): Answer {
	const { Path, Recursive = false, WithDecryption = false, MaxResults = PAGE, NextToken } = ask;
	if (MaxResults > PAGE) return failure(400, "ValidationException", `MaxResults is ${MaxResults}, at most ${PAGE}`);
	const folder = Path.endsWith("/") ? Path : `${Path}/`;
	const names = [...parameters.keys()]
		.filter((name) => name.startsWith(folder) && (Recursive || !name.slice(folder.length).includes("/")))
		.sort();
	const from = NextToken === undefined ? 0 : Number(Buffer.from(NextToken, "base64url").toString());
	const page = names.slice(from, from + MaxResults).map((Name) => {
		const { value = "", secret = false } = parameters.get(Name) ?? {};
		return {
			Name,
			Type: secret ? "SecureString" : "String",
			Value: secret && !WithDecryption ? "encrypted" : value,
			Version: 1,
			DataType: "text",
			LastModifiedDate: 1.7e9,
		};
	});
	const next = from + page.length;
	const more = next < names.length ? { NextToken: Buffer.from(String(next)).toString("base64url") } : {};
	return json({ Parameters: page, ...more });
}

function object(objects: Store["objects"], request: IncomingMessage): Answer {
	const name = decodeURIComponent(new URL(request.url ?? "/", "http://host").pathname.slice(1));
	const content = objects.get(name);
	if (content === undefined || !["GET", "HEAD"].includes(request.method ?? "")) {
		return {
			status: 404,
			headers: { "content-type": "application/xml" },
			body: `<Error><Code>NoSuchKey</Code><Message>the boot test has no ${name}</Message></Error>`,
		};
	}
	const headers = {
		"content-type": "binary/octet-stream",
		"accept-ranges": "bytes",
		etag: '"00000000000000000000000000000000-2"',
		"last-modified": "Tue, 24 Nov 2026 00:00:00 GMT",
	};
	// A big object is fetched in parts.
	const range = /^bytes=(\d+)-(\d*)$/.exec(String(request.headers.range ?? ""));
	if (!range) return { headers, body: content };
	const start = Number(range[1]);
	const end = Math.min(range[2] ? Number(range[2]) : content.length - 1, content.length - 1);
	return {
		status: 206,
		headers: { ...headers, "content-range": `bytes ${start}-${end}/${content.length}` },
		body: content.subarray(start, end + 1),
	};
}

function json(value: unknown): Answer {
	return { headers: { "content-type": "application/x-amz-json-1.1" }, body: JSON.stringify(value) };
}

function failure(status: number, type: string, message: string): Answer {
	return { ...json({ __type: type, message }), status };
}
